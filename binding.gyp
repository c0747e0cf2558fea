{
  "includes": ["native/build.gypi"],
  "targets": [
    {
      "target_name": "sigkit",
      "sources": ["<@(native_sources)"],
      "defines": ["<@(native_defines)"],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["<@(native_cflags_cc)"],
      "ldflags": ["<@(native_ldflags)"]
    }
  ]
}
