/* dlpack.h -- the part of DLPack 1.3 (github.com/dmlc/dlpack) by which tensors change hands in C:
 * what a capsule `__dlpack_c_exchange_api__` of a tensor type points to. */
#ifndef FASTLOSS_DLPACK_H
#define FASTLOSS_DLPACK_H

#include <stdint.h>

enum { DL_CPU = 1 };
enum { DL_INT = 0, DL_UINT = 1, DL_FLOAT = 2, DL_BOOL = 6 };

typedef struct {
    uint32_t major, minor;
} dl_version;

typedef struct {
    int32_t type, index;
} dl_device;

typedef struct {
    uint8_t code, bits;
    uint16_t lanes;
} dl_type;

typedef struct {
    void *data;
    dl_device device;
    int32_t ndim;
    dl_type dtype;
    int64_t *shape, *strides;
    uint64_t byte_offset;
} dl_tensor;

typedef struct dl_managed {
    dl_version version;
    void *owner;
    void (*deleter)(struct dl_managed *self);
    uint64_t flags;
    dl_tensor tensor;
} dl_managed;

/* The functions return 0, or -1 with a Python exception set. */
typedef struct dl_exchange {
    dl_version version;
    struct dl_exchange *older;
    int (*allocate)(dl_tensor *, dl_managed **, void *, void (*)(void *, const char *, const char *));
    int (*from_object)(void *object, dl_managed **out);
    int (*to_object)(dl_managed *tensor, void **out);
    int (*look)(void *object, dl_tensor *out);
    int (*stream)(int32_t, int32_t, void **);
} dl_exchange;

#endif
