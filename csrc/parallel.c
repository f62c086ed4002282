/* parallel.c -- chunks over threads. Nothing else knows that threads exist.
 *
 * Work is cut into chunks whose size never depends on the number of threads,
 * each chunk writes to places of its own, so results are the same bits for any
 * number of threads. Small work never enters the OpenMP runtime. */
#include "parallel.h"
#include "fastloss.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#ifndef _WIN32
#include <pthread.h>
#endif
#include <stdatomic.h>

static atomic_int chosen;         /* set_num_threads: 0 = follow OpenMP */
static atomic_int ceiling;        /* OpenMP's own limit at that moment */
static atomic_int forked;         /* a forked child has no team: stay serial */
static _Thread_local int local;   /* num_threads(n): this thread only, 0 = none */

#ifndef _WIN32
static void after_fork(void) { atomic_store(&forked, 1); }
#endif

void fl_threads_init(void) {
#ifndef _WIN32
    pthread_atfork(NULL, NULL, after_fork);
#endif
}

int fl_has_openmp(void) {
#ifdef _OPENMP
    return 1;
#else
    return 0;
#endif
}

const char *fl_compiler(void) {
#ifdef __clang__
    return __VERSION__;
#else
    return "GCC " __VERSION__;
#endif
}

static int openmp_limit(void) {
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

void fl_set_threads(int n) {
    atomic_store(&ceiling, openmp_limit());
    atomic_store(&chosen, n);
}

int fl_swap_local_threads(int n) {
    int old = local;
    local = n;
    return old;
}

int fl_get_threads(void) {
#ifndef _OPENMP
    return 1;
#endif
    if (atomic_load(&forked)) return 1;
    if (local) return local;
    int limit = openmp_limit(), n = atomic_load(&chosen);
    if (!n) return limit;
    /* A limit set after the choice (threadpoolctl) is a wish for less. */
    return limit != atomic_load(&ceiling) && limit < n ? limit : n;
}

/* A second thread pays from `awake` on when calls follow each other, since the team then still waits for
 * work. After other work it has gone to sleep and takes 80 us to come, far more on a busy machine: then
 * only from `asleep` on. Both in nanoseconds of one thread; measured in docs/threads-and-isa.md. */
#ifdef _OPENMP
static const double awake = 9e3, asleep = 300e3, soon = 1e-3;
static _Atomic double last_end;    /* of a call that could have used threads, in seconds */

static int pays(double cost_ns) {
    return cost_ns > asleep || omp_get_wtime() - atomic_load(&last_end) < soon;
}
#endif

static void serial(ptrdiff_t n_chunks, fl_chunk_body *body, void *context) {
    for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++) body(context, chunk);
}

void fl_parallel(ptrdiff_t n_chunks, double cost_ns, fl_chunk_body *body, void *context) {
#ifdef _OPENMP
    if (n_chunks > 1 && cost_ns > awake) {
        int threads = fl_get_threads();
        if (threads > n_chunks) threads = (int)n_chunks;
        if (threads > 1 && pays(cost_ns)) {
#pragma omp parallel for num_threads(threads) schedule(static)
            for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++) body(context, chunk);
        } else {
            serial(n_chunks, body, context);
        }
        atomic_store(&last_end, omp_get_wtime());
        return;
    }
#else
    (void)cost_ns;
#endif
    serial(n_chunks, body, context);
}
