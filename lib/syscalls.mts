export * from './syscalls.js'
