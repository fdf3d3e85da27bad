/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operation handlers that all minor versions share.  proto/compound.h has their contract.
 * Arguments are decoded already, and live as long as the compound.
 */
#pragma once

#include "proto/compound.h"
#include "wire/nfs4_copy.h"
#include "wire/nfs4_minor2.h"
#include "wire/nfs4_xattr.h"

enum nfsstat4 op_access(struct compound *c, const struct ACCESS4args *args);
enum nfsstat4 op_clone(struct compound *c, const struct CLONE4args *args);
enum nfsstat4 op_close(struct compound *c, const struct CLOSE4args *args);
enum nfsstat4 op_commit(struct compound *c, const struct COMMIT4args *args);
enum nfsstat4 op_copy(struct compound *c, const struct COPY4args *args);
enum nfsstat4 op_create(struct compound *c, const struct CREATE4args *args);
enum nfsstat4 op_delegreturn(struct compound *c, const struct DELEGRETURN4args *args);
enum nfsstat4 op_free_stateid(struct compound *c, const struct FREE_STATEID4args *args);
enum nfsstat4 op_getattr(struct compound *c, const struct GETATTR4args *args);
enum nfsstat4 op_get_dir_delegation(struct compound *c, const struct GET_DIR_DELEGATION4args *args);
enum nfsstat4 op_getfh(struct compound *c);
enum nfsstat4 op_getxattr(struct compound *c, const struct GETXATTR4args *args);
enum nfsstat4 op_link(struct compound *c, const struct LINK4args *args);
enum nfsstat4 op_listxattrs(struct compound *c, const struct LISTXATTRS4args *args);
enum nfsstat4 op_lock(struct compound *c, const struct LOCK4args *args);
enum nfsstat4 op_lockt(struct compound *c, const struct LOCKT4args *args);
enum nfsstat4 op_locku(struct compound *c, const struct LOCKU4args *args);
enum nfsstat4 op_lookup(struct compound *c, const struct LOOKUP4args *args);
enum nfsstat4 op_lookupp(struct compound *c);
enum nfsstat4 op_nverify(struct compound *c, const struct NVERIFY4args *args);
enum nfsstat4 op_offload_cancel(struct compound *c, const struct OFFLOAD_CANCEL4args *args);
enum nfsstat4 op_offload_status(struct compound *c, const struct OFFLOAD_STATUS4args *args);
enum nfsstat4 op_open(struct compound *c, const struct OPEN4args *args);
enum nfsstat4 op_openattr(struct compound *c, const struct OPENATTR4args *args);
enum nfsstat4 op_open_downgrade(struct compound *c, const struct OPEN_DOWNGRADE4args *args);
enum nfsstat4 op_putfh(struct compound *c, const struct PUTFH4args *args);
enum nfsstat4 op_putpubfh(struct compound *c);
enum nfsstat4 op_putrootfh(struct compound *c);
enum nfsstat4 op_read(struct compound *c, const struct READ4args *args);
enum nfsstat4 op_readdir(struct compound *c, const struct READDIR4args *args);
enum nfsstat4 op_readlink(struct compound *c);
enum nfsstat4 op_remove(struct compound *c, const struct REMOVE4args *args);
enum nfsstat4 op_removexattr(struct compound *c, const struct REMOVEXATTR4args *args);
enum nfsstat4 op_rename(struct compound *c, const struct RENAME4args *args);
enum nfsstat4 op_restorefh(struct compound *c);
enum nfsstat4 op_savefh(struct compound *c);
enum nfsstat4 op_secinfo(struct compound *c, const struct SECINFO4args *args);
enum nfsstat4 op_secinfo_no_name(struct compound *c, const struct SECINFO_NO_NAME4args *args);
enum nfsstat4 op_setattr(struct compound *c, const struct SETATTR4args *args);
enum nfsstat4 op_setxattr(struct compound *c, const struct SETXATTR4args *args);
enum nfsstat4 op_test_stateid(struct compound *c, const struct TEST_STATEID4args *args);
enum nfsstat4 op_verify(struct compound *c, const struct VERIFY4args *args);
enum nfsstat4 op_want_delegation(struct compound *c, const struct WANT_DELEGATION4args *args);
enum nfsstat4 op_write(struct compound *c, const struct WRITE4args *args);

/* Of minor version 2. */
enum nfsstat4 op_allocate(struct compound *c, const struct ALLOCATE4args *args);
enum nfsstat4 op_deallocate(struct compound *c, const struct DEALLOCATE4args *args);
enum nfsstat4 op_read_plus(struct compound *c, const struct READ_PLUS4args *args);
enum nfsstat4 op_seek(struct compound *c, const struct SEEK4args *args);
/* Of minor version 2 (wire/nfs4_minor2.h). */
enum nfsstat4 op_io_advise(struct compound *c, const struct IO_ADVISE4args *args);
enum nfsstat4 op_write_same(struct compound *c, const struct WRITE_SAME4args *args);
