// The simulator's loop in C, the peer of RandomMotion.cs: uniform random controls, then mj_step.
//
//   gcc -O2 -o sim_mujoco sim_mujoco.c -lmujoco          (Debian: apt-get install libmujoco-dev)
//   ./sim_mujoco MODEL.xml SECONDS SUBSTEPS [STEPS]
//
// Runs STEPS control steps (default 1000) from the reference pose and prints their final state, to be compared bitwise
// with another program's. Then continues the loop for SECONDS and prints the calls of mj_step per second. One JSON
// object.
#include <mujoco/mujoco.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state = 1;

// Knuth's linear congruential generator; its upper 53 bits, in [-1, 1)
static double control(void) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(state >> 11) * (2.0 / 9007199254740992.0) - 1;
}

static void run(const mjModel* m, mjData* d, long steps, int substeps) {
    for (long step = 0; step < steps; step++) {
        for (int i = 0; i < m->nu; i++) d->ctrl[i] = control();
        for (int k = 0; k < substeps; k++) mj_step(m, d);
    }
}

// FNV-1a over the bytes of the doubles
static uint64_t add(uint64_t hash, const double* values, int count) {
    const unsigned char* bytes = (const unsigned char*)values;
    for (size_t k = 0; k < count * sizeof(double); k++) hash = (hash ^ bytes[k]) * 1099511628211ull;
    return hash;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

int main(int argc, char** argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: %s MODEL.xml SECONDS SUBSTEPS [STEPS]\n", argv[0]);
        return 2;
    }
    double seconds = atof(argv[2]);
    int substeps = atoi(argv[3]);
    long steps = argc > 4 ? atol(argv[4]) : 1000;

    char error[1000] = "";
    mjModel* m = mj_loadXML(argv[1], NULL, error, sizeof error);
    if (!m) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    mjData* d = mj_makeData(m);

    // the state to compare
    run(m, d, steps, substeps);
    uint64_t checksum = add(14695981039346656037ull, &d->time, 1);
    checksum = add(checksum, d->qpos, m->nq);
    checksum = add(checksum, d->qvel, m->nv);
    printf("{\"version\": \"%s\", \"nq\": %d, \"nv\": %d, \"nu\": %d, \"substeps\": %d, \"steps\": %ld, \"checksum\": \"%016llx\", \"qpos\": [",
           mj_versionString(), (int)m->nq, (int)m->nv, (int)m->nu, substeps, steps, (unsigned long long)checksum);
    for (int i = 0; i < m->nq; i++) printf("%s%.17g", i ? ", " : "", d->qpos[i]);

    // the speed
    long timed = 0;
    double start = now(), elapsed = 0;
    while (elapsed < seconds) {
        run(m, d, 100, substeps);
        timed += 100;
        elapsed = now() - start;
    }
    printf("], \"seconds\": %.3f, \"steps_per_second\": %.1f}\n", elapsed, elapsed > 0 ? timed * substeps / elapsed : 0);
    mj_deleteData(d);
    mj_deleteModel(m);
    return 0;
}
