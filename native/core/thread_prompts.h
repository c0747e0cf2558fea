// Order of real-time signals: while the main thread is in the handler the kernel would hand the next one to
// another thread, which may record it first. So every other thread is asked to block the signal, by a signal
// of that number to each, marked as ours; the handler, which runs there, does it through uc_sigmask.
#ifndef SIGKIT_CORE_THREAD_PROMPTS_H
#define SIGKIT_CORE_THREAD_PROMPTS_H

#include <signal.h>

namespace sigkit {

// Before the first handler is installed.
void PreparePrompts();

// ASYNC-SIGNAL-SAFE. Whether this delivery is a prompt, which is then obeyed and never told to anybody.
bool TakePrompt(int sig, const siginfo_t* info);

// Asks every thread but the main one. Not those that block it already: it would stay in their queue for ever.
void PromptThreads(int sig);

// Before our handler goes: a prompt that is still on its way would find the default action, which is the end
// of the process. What a thread has had no time for in 100 ms is taken out of all queues by ignoring the
// signal for a moment, at the risk of one that was meant for us; then `reinstall` is called.
void AwaitPrompts(int sig, void (*reinstall)(int sig));

}  // namespace sigkit

#endif
