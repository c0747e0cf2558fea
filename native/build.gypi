{
  "variables": {
    "native_sources": [
      "native/addon.cc",
      "native/binding/anchors.cc",
      "native/binding/constants.cc",
      "native/binding/disposition.cc",
      "native/binding/env_signals.cc",
      "native/binding/env_state.cc",
      "native/binding/exit_watch.cc",
      "native/binding/handlers.cc",
      "native/binding/js_callback.cc",
      "native/binding/loop_thread.cc",
      "native/binding/loop_uv.cc",
      "native/binding/pidfd.cc",
      "native/binding/proc.cc",
      "native/binding/send.cc",
      "native/binding/session.cc",
      "native/binding/wait.cc",
      "native/core/deadline.cc",
      "native/core/default_action.cc",
      "native/core/disposition.cc",
      "native/core/exit_by_signal.cc",
      "native/core/exit_watch.cc",
      "native/core/identity.cc",
      "native/core/kernel_probe.cc",
      "native/core/proc_reader.cc",
      "native/core/signal_hub.cc",
      "native/core/sigsys_guard.cc"
    ],
    "native_defines": [
      "NAPI_VERSION=9",
      "NODE_ADDON_API_DISABLE_DEPRECATED",
      "NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS",
      "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
      "_GNU_SOURCE"
    ],
    "native_cflags_cc": [
      "-std=c++17",
      "-fvisibility=hidden",
      "-fvisibility-inlines-hidden",
      "-Wall",
      "-Wextra",
      "-Wpedantic",
      "-Wshadow",
      "-Wconversion"
    ],
    "native_ldflags": [
      "-Wl,-z,nodelete",
      "-Wl,-z,now",
      "-Wl,-z,relro",
      "-Wl,--as-needed",
      "-Wl,--exclude-libs,ALL",
      "-Wl,--version-script=<(module_root_dir)/native/exports.map",
      "-Wl,-Bsymbolic-functions"
    ]
  }
}
