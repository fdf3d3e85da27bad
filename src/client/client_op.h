/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Common operations in one line each; others use client_compound_add().
 */
#pragma once

#include "client/client_compound.h"
#include "wire/fattr.h"

/* A filehandle with its bytes. */
struct client_fh {
    uint32_t len;
    uint8_t data[NFS4_FHSIZE];
};

struct wire_opaque client_text(const char *text);
struct bitmap4 client_bits(const uint32_t *bits, size_t count);

/* A bitmap4 of these attributes. */
#define CLIENT_BITS(...)                                                                           \
    client_bits((const uint32_t[]){__VA_ARGS__}, sizeof((uint32_t[]){__VA_ARGS__}) / 4)

/* An operation without arguments. */
void client_op(struct client_compound *c, uint32_t op);

void client_op_putrootfh(struct client_compound *c);
void client_op_putfh(struct client_compound *c, const struct client_fh *fh);
void client_op_getfh(struct client_compound *c);
void client_op_lookup(struct client_compound *c, const char *name);
void client_op_getattr(struct client_compound *c, struct bitmap4 bits);
void client_op_setattr(struct client_compound *c, const struct stateid4 *stateid,
                       struct bitmap4 which, const struct nfs4_attrs *attrs);
void client_op_access(struct client_compound *c, uint32_t access);
void client_op_remove(struct client_compound *c, const char *name);
void client_op_rename(struct client_compound *c, const char *from, const char *to);
void client_op_link(struct client_compound *c, const char *name);
void client_op_create(struct client_compound *c, const char *name, enum nfs_ftype4 type,
                      const char *link, uint32_t mode);
void client_op_readdir(struct client_compound *c, uint64_t cookie, const uint8_t *verifier,
                       uint32_t max_bytes, struct bitmap4 bits);
void client_op_read(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                    uint32_t count);
void client_op_write(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                     enum stable_how4 stable, const void *data, uint32_t len);
void client_op_commit(struct client_compound *c, uint64_t offset, uint32_t count);
void client_op_allocate(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                        uint64_t length);
void client_op_deallocate(struct client_compound *c, const struct stateid4 *stateid,
                          uint64_t offset, uint64_t length);
void client_op_seek(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                    enum data_content4 what);
void client_op_read_plus(struct client_compound *c, const struct stateid4 *stateid, uint64_t offset,
                         uint32_t count);
/* Extended attributes (4.2).  `how` is a setxattr_option4. */
void client_op_getxattr(struct client_compound *c, const char *name);
void client_op_setxattr(struct client_compound *c, const char *name, enum setxattr_option4 how,
                        const void *value, uint32_t len);
void client_op_listxattrs(struct client_compound *c, uint64_t cookie, uint32_t max_bytes);
void client_op_removexattr(struct client_compound *c, const char *name);
void client_op_close(struct client_compound *c, const struct stateid4 *stateid);

/* OPEN of a name in the current directory, or of the current file. */
struct client_open {
    uint64_t clientid;
    const char *owner;
    uint32_t seqid; /* minor version 0 only: client/client_owner.h */
    uint32_t access, deny;
    const char *name; /* NULL: CLAIM_FH */
    bool reclaim;     /* CLAIM_PREVIOUS, without a name */
    bool create;      /* otherwise the file must exist */
    enum createmode4 how;
    uint8_t verifier[NFS4_VERIFIER_SIZE];
    uint32_t mode; /* for UNCHECKED4, GUARDED4, EXCLUSIVE4_1 */
};
void client_op_open(struct client_compound *c, const struct client_open *open);

/* LOCK by a new lock owner under an open stateid. */
void client_op_lock_new(struct client_compound *c, const struct stateid4 *open_stateid,
                        uint64_t clientid, const char *owner, enum nfs_lock_type4 type,
                        uint64_t offset, uint64_t length);

/* A fattr4 with only the mode; encoded in `values` (at least 4 bytes). */
struct fattr4 client_fattr_mode(uint32_t mode, uint8_t *values);

/* The special stateids (RFC 8881 §8.2.3). */
extern const struct stateid4 client_stateid_anonymous;
extern const struct stateid4 client_stateid_bypass;
extern const struct stateid4 client_stateid_current;
