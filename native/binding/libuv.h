// The few libuv functions we call, declared by hand as weak symbols: in a host without libuv they are null
// instead of an addon that does not load, and the headers that cmake-js brings (node-api-headers) have no
// uv.h.
//
// The handle is opaque: its size is asked of libuv (uv_handle_size), so no layout is assumed. The enum values
// are part of libuv's stable ABI since 1.0.
#ifndef SIGKIT_BINDING_LIBUV_H
#define SIGKIT_BINDING_LIBUV_H

#include <cstddef>

extern "C" {

struct uv_loop_s;
struct SigkitUvHandle;

constexpr int kUvPoll = 8;      // UV_POLL of uv_handle_type
constexpr int kUvSignal = 16;   // UV_SIGNAL
constexpr int kUvProcess = 10;  // UV_PROCESS
constexpr int kUvReadable = 1;  // UV_READABLE of uv_poll_event

__attribute__((weak)) size_t uv_handle_size(int type);
__attribute__((weak)) int uv_poll_init(uv_loop_s* loop, SigkitUvHandle* handle, int fd);
__attribute__((weak)) int uv_poll_start(SigkitUvHandle* handle, int events,
                                        void (*callback)(SigkitUvHandle* handle, int status, int events));
__attribute__((weak)) size_t uv_loop_size();
__attribute__((weak)) int uv_loop_init(uv_loop_s* loop);
__attribute__((weak)) int uv_signal_init(uv_loop_s* loop, SigkitUvHandle* handle);
__attribute__((weak)) int uv_signal_start(SigkitUvHandle* handle,
                                          void (*callback)(SigkitUvHandle* handle, int sig), int sig);
__attribute__((weak)) int uv_signal_start_oneshot(SigkitUvHandle* handle,
                                                  void (*callback)(SigkitUvHandle* handle, int sig), int sig);
__attribute__((weak)) int uv_signal_stop(SigkitUvHandle* handle);
__attribute__((weak)) int uv_handle_get_type(const SigkitUvHandle* handle);
__attribute__((weak)) int uv_process_get_pid(const SigkitUvHandle* handle);
__attribute__((weak)) void uv_walk(uv_loop_s* loop, void (*callback)(SigkitUvHandle* handle, void* argument),
                                   void* argument);
__attribute__((weak)) void uv_close(SigkitUvHandle* handle, void (*callback)(SigkitUvHandle* handle));
__attribute__((weak)) void uv_ref(SigkitUvHandle* handle);
__attribute__((weak)) void uv_unref(SigkitUvHandle* handle);
__attribute__((weak)) void* uv_handle_get_data(const SigkitUvHandle* handle);
__attribute__((weak)) void uv_handle_set_data(SigkitUvHandle* handle, void* data);

}  // extern "C"

#endif
