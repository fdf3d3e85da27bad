/* SPDX-License-Identifier: Apache-2.0 */
#include "identity_deeds.h"

#include <sys/stat.h>
#include <unistd.h>

void identity_file_put(const char *path, const char *text)
{
    char fresh[200];
    FILE *file;

    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    file = fopen(fresh, "we");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0 || chmod(fresh, 0644) != 0 ||
        rename(fresh, path) != 0)
        fail_msg("%s: can't be written", path);
}

void identity_become(struct client_mount *mount, uint32_t uid, uint32_t gid, uint32_t further)
{
    mount->conn.cred = (struct client_cred){
        .uid = uid, .gid = gid, .gid_count = further ? 1 : 0, .gids = {further}};
}

struct client_fh identity_group_file(const struct client_fh *dir, const char *name, uint32_t gid)
{
    const struct client_cred before = alice.conn.cred;
    struct client_fh file;
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", gid);
    identity_become(&alice, 0, 0, 0);
    file = make_file(&alice, dir, name);
    expect_status(
        client_file_setattr(&alice, &file, CLIENT_BITS(FATTR4_OWNER_GROUP, FATTR4_MODE),
                            &(struct nfs4_attrs){.owner_group = client_text(text), .mode = 0040}),
        NFS4_OK);
    alice.conn.cred = before;
    return file;
}

bool identity_may_read(struct client_mount *mount, const struct client_fh *fh)
{
    begin(mount, fh);
    client_op_access(C, ACCESS4_READ);
    run(NFS4_OK);
    return (result(OP_ACCESS)->opaccess.access & ACCESS4_READ) != 0;
}

const char *identity_owners_of(struct client_mount *mount, const struct client_fh *fh)
{
    static char text[300];
    struct client_owner_text owners;
    struct nfs4_attrs attrs;

    expect_status(client_file_getattr(mount, fh, CLIENT_BITS(FATTR4_OWNER, FATTR4_OWNER_GROUP),
                                      &attrs, &owners),
                  NFS4_OK);
    (void)snprintf(text, sizeof(text), "%s %s", owners.owner, owners.owner_group);
    return text;
}

bool identity_is_skipped(void **state)
{
    if (*state != script_local || geteuid() == 0)
        return false;
    test_skip_part(TEST_NEEDS_CALLERS);
    return true;
}
