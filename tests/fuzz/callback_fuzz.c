/* SPDX-License-Identifier: Apache-2.0 */
/* Callback types: the first byte chooses one. What can be decoded can be encoded in as much
 * room. */
#include <stdlib.h>

#include "wire/nfs4_callback.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

union callback {
    struct CB_GETATTR4args getattr;
    struct CB_GETATTR4resok getattr_ok;
    struct CB_RECALL4args recall;
    struct CB_LAYOUTRECALL4args layoutrecall;
    struct CB_NOTIFY4args notify;
    struct CB_PUSH_DELEG4args push;
    struct CB_RECALL_ANY4args recall_any;
    struct CB_SEQUENCE4args sequence;
    struct CB_SEQUENCE4resok sequence_ok;
    struct CB_NOTIFY_LOCK4args notify_lock;
    struct CB_NOTIFY_DEVICEID4args deviceid;
    struct CB_OFFLOAD4args offload;
    struct notify_add4 add;
    struct notify_rename4 rename;
};

static bool run(struct xdr *x, union callback *v, unsigned which)
{
    switch (which) {
    case 0:
        return wire_CB_GETATTR4args(x, &v->getattr);
    case 1:
        return wire_CB_GETATTR4resok(x, &v->getattr_ok);
    case 2:
        return wire_CB_RECALL4args(x, &v->recall);
    case 3:
        return wire_CB_LAYOUTRECALL4args(x, &v->layoutrecall);
    case 4:
        return wire_CB_NOTIFY4args(x, &v->notify);
    case 5:
        return wire_CB_PUSH_DELEG4args(x, &v->push);
    case 6:
        return wire_CB_RECALL_ANY4args(x, &v->recall_any);
    case 7:
        return wire_CB_SEQUENCE4args(x, &v->sequence);
    case 8:
        return wire_CB_SEQUENCE4resok(x, &v->sequence_ok);
    case 9:
        return wire_CB_NOTIFY_LOCK4args(x, &v->notify_lock);
    case 10:
        return wire_CB_NOTIFY_DEVICEID4args(x, &v->deviceid);
    case 11:
        return wire_notify_add4(x, &v->add);
    case 13:
        return wire_CB_OFFLOAD4args(x, &v->offload);
    default:
        return wire_notify_rename4(x, &v->rename);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    union callback v;
    uint8_t *buffer;
    struct xdr x;

    if (size < 1)
        return 0;
    arena_init(&arena, 4096);
    memset(&v, 0xff, sizeof(v));
    xdr_init_decode(&x, data + 1, size - 1, &arena);
    if (run(&x, &v, data[0])) {
        buffer = must_malloc(size);
        xdr_init_encode(&x, buffer, size - 1);
        CHECK(run(&x, &v, data[0]));
        free(buffer);
    }
    arena_fini(&arena);
    return 0;
}
