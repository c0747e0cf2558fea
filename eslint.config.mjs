import tseslint from 'typescript-eslint'

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'build/',
      'build-*/',
      'prebuilds/',
      'coverage/',
      'node_modules/',
      'bench/node_modules/',
      'test/fixtures/build/',
    ],
  },
  {
    files: ['**/*.ts', '**/*.mts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './test/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Numbers are what this library is about; String(pid) in every message would hide the message.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // The C names: rt_tgsigqueueinfo is itself.
      '@typescript-eslint/naming-convention': 'off',
      // A method named as the place where a stack trace begins is not called.
      '@typescript-eslint/unbound-method': 'off',
      // Checking what the type says cannot be is the point of an argument check.
      '@typescript-eslint/no-unnecessary-condition': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    extends: [tseslint.configs.base],
    rules: { 'no-unused-vars': 'error' },
  },
)
