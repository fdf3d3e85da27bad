/* SPDX-License-Identifier: Apache-2.0 */
/* The part of OPEN that finds or creates the file in its directory. */
#pragma once

#include "proto/compound.h"

/* The file to open. */
struct open_target {
    struct vfs_object *obj; /* a reference */
    struct export *export;
    struct change_info4 cinfo; /* of the directory */
    bool created;              /* by this client, in this request or in the one that it repeats */
    bool fresh;                /* created just now: the request must not run again */
    bool truncate;             /* an existing file that must be truncated */
    bool fresh_open;           /* out, of the open: its owner had none of the file */
    struct bitmap4 attrset;
    const struct vfs_attr *made; /* for struct compound; NULL: not known */
};

/* CLAIM_NULL with OPEN4_CREATE: the regular file `component` of the current directory. */
enum nfsstat4 open_create(struct compound *c, const struct wire_opaque *component,
                          const struct createhow4 *how, struct open_target *target);

/* The file has just been created, but could not be opened for lack of memory: remove it unless it
 * is in use, so that the client's retry does not find it. */
void open_create_undo(struct compound *c, const struct wire_opaque *component,
                      const struct open_target *target);

/* CLAIM_DELEGATE_CUR with OPEN4_CREATE: the client knows that the file exists. */
enum nfsstat4 open_create_known(struct compound *c, const struct wire_opaque *component,
                                const struct createhow4 *how, struct open_target *target);

/* CLAIM_NULL with OPEN4_NOCREATE: any existing object of this name. */
enum nfsstat4 open_lookup(struct compound *c, const struct wire_opaque *component,
                          struct open_target *target);
