// What the kernels need of the system: threads of their own, so that any compiler will do (not all
// bring an OpenMP runtime), and working memory. No C++ library is linked in.
#pragma once

#include <cstddef>
#include <cstdint>

// Calls task(context, i) for every i < count on up to `threads` threads, the caller's among them, and
// returns when all are done. Threads wait asleep, so they never keep another library's threads from
// a core. Where another thread is using them, or none can be started, the caller works alone. Safe
// in forked processes.
void run_tasks(int64_t count, int64_t threads, void (*task)(const void* context, int64_t i),
               const void* context);

// Whole cache lines; ends the process where there is no memory.
void* allocate_lines(size_t bytes);
void free_lines(void* memory);

// Memory that is kept for the next who asks: what is given back to the system costs page faults to
// get again, more than the scan itself. `size` is what was asked for, and becomes what there is.
void* borrow_lines(size_t* size);
void return_lines(void* memory, size_t size);
