#include "threads.h"

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(_WIN32)
#include <malloc.h>
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <pthread.h>
#include <unistd.h>
#endif

namespace {

#if defined(_WIN32)
struct Mutex {
  SRWLOCK lock_ = SRWLOCK_INIT;
  void lock() { AcquireSRWLockExclusive(&lock_); }
  bool try_lock() { return TryAcquireSRWLockExclusive(&lock_); }
  void unlock() { ReleaseSRWLockExclusive(&lock_); }
};

struct Condition {
  CONDITION_VARIABLE condition = CONDITION_VARIABLE_INIT;
  void wait(Mutex& mutex) { SleepConditionVariableSRW(&condition, &mutex.lock_, INFINITE, 0); }
  void wake_all() { WakeAllConditionVariable(&condition); }
};

int64_t process_number() { return 0; }  // there are no forks

bool start_thread(void (*body)(void*), void* argument) {
  struct Start {
    void (*body)(void*);
    void* argument;
  };
  Start* start = static_cast<Start*>(std::malloc(sizeof(Start)));
  if (!start) return false;
  *start = {body, argument};
  const LPTHREAD_START_ROUTINE entry = [](void* given) -> DWORD {
    const Start mine = *static_cast<Start*>(given);
    std::free(given);
    mine.body(mine.argument);
    return 0;
  };
  const HANDLE thread = CreateThread(nullptr, 0, entry, start, 0, nullptr);
  if (!thread) {
    std::free(start);
    return false;
  }
  CloseHandle(thread);
  return true;
}
#else
struct Mutex {
  pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
  void lock() { pthread_mutex_lock(&lock_); }
  bool try_lock() { return pthread_mutex_trylock(&lock_) == 0; }
  void unlock() { pthread_mutex_unlock(&lock_); }
};

struct Condition {
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  void wait(Mutex& mutex) { pthread_cond_wait(&condition, &mutex.lock_); }
  void wake_all() { pthread_cond_broadcast(&condition); }
};

int64_t process_number() { return getpid(); }

struct Start {
  void (*body)(void*);
  void* argument;
};

bool start_thread(void (*body)(void*), void* argument) {
  Start* start = static_cast<Start*>(std::malloc(sizeof(Start)));
  if (!start) return false;
  *start = {body, argument};
  const auto entry = [](void* given) -> void* {
    const Start mine = *static_cast<Start*>(given);
    std::free(given);
    mine.body(mine.argument);
    return nullptr;
  };
  pthread_t thread;
  if (pthread_create(&thread, nullptr, entry, start)) {
    std::free(start);
    return false;
  }
  pthread_detach(thread);
  return true;
}
#endif

struct Job {
  int64_t count;
  void (*task)(const void*, int64_t);
  const void* context;
  std::atomic<int64_t> next{0};

  void work() {
    for (int64_t i = next++; i < count; i = next++) task(context, i);
  }
};

class Pool {
 public:
  const int64_t process = process_number();

  // False if another thread's job is running.
  bool run(Job& job, int64_t helpers) {
    if (!turn_.try_lock()) return false;
    mutex_.lock();
    while (started_ < helpers && start_thread(help_in, this)) ++started_;
    job_ = &job;
    places_ = helpers;
    mutex_.unlock();
    wake_.wake_all();
    job.work();
    mutex_.lock();
    job_ = nullptr;
    while (busy_ > 0) done_.wait(mutex_);
    mutex_.unlock();
    turn_.unlock();
    return true;
  }

 private:
  static void help_in(void* pool) { static_cast<Pool*>(pool)->help(); }

  void help() {
    mutex_.lock();
    for (;;) {
      while (!job_ || places_ == 0) wake_.wait(mutex_);
      --places_;
      ++busy_;
      Job& job = *job_;
      mutex_.unlock();
      job.work();
      mutex_.lock();
      if (--busy_ == 0) done_.wake_all();
    }
  }

  Mutex turn_, mutex_;
  Condition wake_, done_;
  Job* job_ = nullptr;
  int64_t places_ = 0, busy_ = 0, started_ = 0;
};

std::atomic<Pool*> current_pool{nullptr};

// Threads do not survive a fork, so each process has a pool of its own. None is ever destroyed: its
// threads sleep until the process ends.
Pool& pool() {
  Pool* known = current_pool.load();
  while (!known || known->process != process_number()) {
    Pool* made = new (allocate_lines(sizeof(Pool))) Pool;
    if (current_pool.compare_exchange_strong(known, made)) return *made;
    free_lines(made);
  }
  return *known;
}

struct Kept {
  void* memory;
  size_t bytes;
};
constexpr int most_kept = 64;
Kept kept[most_kept];
int kept_count = 0;
std::atomic_flag keeping = ATOMIC_FLAG_INIT;

struct Keeping {
  Keeping() {
    while (keeping.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~Keeping() { keeping.clear(std::memory_order_release); }
};

Kept last_kept() {
  Keeping lock;
  return kept_count ? kept[--kept_count] : Kept{nullptr, 0};
}

bool keep(Kept one) {
  Keeping lock;
  if (kept_count == most_kept) return false;
  kept[kept_count++] = one;
  return true;
}

}  // namespace

void* allocate_lines(size_t bytes) {
  bytes = (bytes + 64) / 64 * 64;  // never none
#if defined(_WIN32)
  void* memory = _aligned_malloc(bytes, 64);
#else
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, bytes)) memory = nullptr;
#endif
  if (!memory) std::abort();
  return memory;
}

void free_lines(void* memory) {
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

void* borrow_lines(size_t* size) {
  const Kept found = last_kept();
  if (found.bytes >= *size && found.memory) {
    *size = found.bytes;
    return found.memory;
  }
  free_lines(found.memory);
  return allocate_lines(*size);
}

void return_lines(void* memory, size_t size) {
  if (!keep({memory, size})) free_lines(memory);
}

void run_tasks(int64_t count, int64_t threads, void (*task)(const void*, int64_t),
               const void* context) {
  Job job{count, task, context};
  const int64_t helpers = (count < threads ? count : threads) - 1;
  if (helpers < 1 || !pool().run(job, helpers)) job.work();
}
