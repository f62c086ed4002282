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

/* Below this a second thread costs more than it brings: see docs/benchmarks.md. */
static const double worthwhile_ns = 50e3;

void fl_parallel(ptrdiff_t n_chunks, double cost_ns, fl_chunk_body *body, void *context) {
#ifdef _OPENMP
    if (n_chunks > 1 && cost_ns > worthwhile_ns) {
        int threads = fl_get_threads();
        if (threads > n_chunks) threads = (int)n_chunks;
        if (threads > 1) {
#pragma omp parallel for num_threads(threads) schedule(static)
            for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++) body(context, chunk);
            return;
        }
    }
#else
    (void)cost_ns;
#endif
    for (ptrdiff_t chunk = 0; chunk < n_chunks; chunk++) body(context, chunk);
}
