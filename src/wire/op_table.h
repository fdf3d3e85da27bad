/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about the operations, once: X(number, NAME, first minor version, last minor version, flags,
 * bound on the encoded result in bytes with its number and status, 0 where the handler bounds it).
 */
#pragma once

#include <stdint.h>

#include "wire/nfs4_const.h"

enum op_flags {
    OP_MUTATES = 1 << 0,      /* not idempotent: its result must fit before it runs */
    OP_ERROR_BODY = 1 << 1,   /* has a body with errors too (LOCK denied, SETATTR's attrsset) */
    OP_SESSION_FREE = 1 << 2, /* may come without SEQUENCE, alone in its COMPOUND */
    OP_SEQUENCE_OP = 1 << 3,
};

/* change_info4 20, stateid4 16, bitmap4 up to 16, nfs_fh4 up to 132 */
#define NFS4_OPS(X)                                                                                \
    X(3, ACCESS, 0, 2, 0, 16)                                                                      \
    X(4, CLOSE, 0, 2, OP_MUTATES, 24)                                                              \
    X(5, COMMIT, 0, 2, 0, 16)                                                                      \
    X(6, CREATE, 0, 2, OP_MUTATES, 44)                                                             \
    X(7, DELEGPURGE, 0, 2, OP_MUTATES, 8)                                                          \
    X(8, DELEGRETURN, 0, 2, OP_MUTATES, 8)                                                         \
    X(9, GETATTR, 0, 2, 0, 0)                                                                      \
    X(10, GETFH, 0, 2, 0, 140)                                                                     \
    X(11, LINK, 0, 2, OP_MUTATES, 28)                                                              \
    X(12, LOCK, 0, 2, OP_MUTATES | OP_ERROR_BODY, 1064)                                            \
    X(13, LOCKT, 0, 2, OP_ERROR_BODY, 1064)                                                        \
    X(14, LOCKU, 0, 2, OP_MUTATES, 24)                                                             \
    X(15, LOOKUP, 0, 2, 0, 8)                                                                      \
    X(16, LOOKUPP, 0, 2, 0, 8)                                                                     \
    X(17, NVERIFY, 0, 2, 0, 8)                                                                     \
    X(18, OPEN, 0, 2, OP_MUTATES, 128)                                                             \
    X(19, OPENATTR, 0, 2, OP_MUTATES, 8)                                                           \
    X(20, OPEN_CONFIRM, 0, 0, OP_MUTATES, 24)                                                      \
    X(21, OPEN_DOWNGRADE, 0, 2, OP_MUTATES, 24)                                                    \
    X(22, PUTFH, 0, 2, 0, 8)                                                                       \
    X(23, PUTPUBFH, 0, 2, 0, 8)                                                                    \
    X(24, PUTROOTFH, 0, 2, 0, 8)                                                                   \
    X(25, READ, 0, 2, 0, 0)                                                                        \
    X(26, READDIR, 0, 2, 0, 0)                                                                     \
    X(27, READLINK, 0, 2, 0, 0)                                                                    \
    X(28, REMOVE, 0, 2, OP_MUTATES, 28)                                                            \
    X(29, RENAME, 0, 2, OP_MUTATES, 48)                                                            \
    X(30, RENEW, 0, 0, 0, 8)                                                                       \
    X(31, RESTOREFH, 0, 2, 0, 8)                                                                   \
    X(32, SAVEFH, 0, 2, 0, 8)                                                                      \
    X(33, SECINFO, 0, 2, 0, 128)                                                                   \
    X(34, SETATTR, 0, 2, OP_MUTATES | OP_ERROR_BODY, 24)                                           \
    X(35, SETCLIENTID, 0, 0, OP_MUTATES | OP_ERROR_BODY, 1064)                                     \
    X(36, SETCLIENTID_CONFIRM, 0, 0, OP_MUTATES, 8)                                                \
    X(37, VERIFY, 0, 2, 0, 8)                                                                      \
    X(38, WRITE, 0, 2, OP_MUTATES, 24)                                                             \
    X(39, RELEASE_LOCKOWNER, 0, 0, OP_MUTATES, 8)                                                  \
    X(40, BACKCHANNEL_CTL, 1, 2, OP_MUTATES, 8)                                                    \
    X(41, BIND_CONN_TO_SESSION, 1, 2, OP_MUTATES | OP_SESSION_FREE, 32)                            \
    X(42, EXCHANGE_ID, 1, 2, OP_MUTATES | OP_SESSION_FREE, 0)                                      \
    X(43, CREATE_SESSION, 1, 2, OP_MUTATES | OP_SESSION_FREE, 96)                                  \
    X(44, DESTROY_SESSION, 1, 2, OP_MUTATES | OP_SESSION_FREE, 8)                                  \
    X(45, FREE_STATEID, 1, 2, OP_MUTATES, 8)                                                       \
    X(46, GET_DIR_DELEGATION, 1, 2, OP_MUTATES, 84)                                                \
    X(47, GETDEVICEINFO, 1, 2, OP_ERROR_BODY, 0)                                                   \
    X(48, GETDEVICELIST, 1, 1, 0, 0)                                                               \
    X(49, LAYOUTCOMMIT, 1, 2, OP_MUTATES, 20)                                                      \
    X(50, LAYOUTGET, 1, 2, OP_MUTATES | OP_ERROR_BODY, 0)                                          \
    X(51, LAYOUTRETURN, 1, 2, OP_MUTATES, 28)                                                      \
    X(52, SECINFO_NO_NAME, 1, 2, 0, 128)                                                           \
    X(53, SEQUENCE, 1, 2, OP_SEQUENCE_OP, 44)                                                      \
    X(54, SET_SSV, 1, 2, OP_MUTATES, 0)                                                            \
    X(55, TEST_STATEID, 1, 2, 0, 0)                                                                \
    X(56, WANT_DELEGATION, 1, 2, OP_MUTATES, 128)                                                  \
    X(57, DESTROY_CLIENTID, 1, 2, OP_MUTATES | OP_SESSION_FREE, 8)                                 \
    X(58, RECLAIM_COMPLETE, 1, 2, OP_MUTATES, 8)                                                   \
    X(59, ALLOCATE, 2, 2, OP_MUTATES, 8)                                                           \
    X(60, COPY, 2, 2, OP_MUTATES | OP_ERROR_BODY, 64)                                              \
    X(61, COPY_NOTIFY, 2, 2, OP_MUTATES, 0)                                                        \
    X(62, DEALLOCATE, 2, 2, OP_MUTATES, 8)                                                         \
    X(63, IO_ADVISE, 2, 2, 0, 24)                                                                  \
    X(64, LAYOUTERROR, 2, 2, OP_MUTATES, 8)                                                        \
    X(65, LAYOUTSTATS, 2, 2, OP_MUTATES, 8)                                                        \
    X(66, OFFLOAD_CANCEL, 2, 2, OP_MUTATES, 8)                                                     \
    X(67, OFFLOAD_STATUS, 2, 2, 0, 24)                                                             \
    X(68, READ_PLUS, 2, 2, 0, 0)                                                                   \
    X(69, SEEK, 2, 2, 0, 20)                                                                       \
    X(70, WRITE_SAME, 2, 2, OP_MUTATES, 64)                                                        \
    X(71, CLONE, 2, 2, OP_MUTATES, 8)                                                              \
    X(72, GETXATTR, 2, 2, 0, 0)                                                                    \
    X(73, SETXATTR, 2, 2, OP_MUTATES, 28)                                                          \
    X(74, LISTXATTRS, 2, 2, 0, 0)                                                                  \
    X(75, REMOVEXATTR, 2, 2, OP_MUTATES, 28)

struct op_info {
    const char *name;
    uint8_t minor_first, minor_last;
    uint16_t flags;
    uint32_t reply_bound;
};

/* NULL for a number that no minor version defines. */
const struct op_info *op_info(uint32_t opnum);
