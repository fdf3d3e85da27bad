/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/mem. */
#include "backend/contract.h"
#include "backend/mem/mem.h"

static struct vfs *create_limited(uint64_t bytes, uint32_t links)
{
    struct mem_options options = {
        .bytes_max = bytes,
        .link_max = links,
        .root_uid = CONTRACT_OWNER,
        .root_gid = CONTRACT_OWNER,
        .root_mode = 0755,
    };

    return mem_create(&options);
}

static struct vfs *create(void)
{
    return create_limited(0, 0);
}

static void destroy(struct vfs *fs)
{
    fs->ops->destroy(fs);
}

int main(int argc, char **argv)
{
    static const uint32_t team[] = {CONTRACT_TEAM};
    static const struct contract_backend backend = {
        .name = "mem",
        .create = create,
        .create_limited = create_limited,
        .destroy = destroy,
        .owner = {.uid = CONTRACT_OWNER, .gid = CONTRACT_OWNER, .gid_count = 1, .gids = team},
        .multi_user = true,
        .can_chown = true,
        .can_mknod = true,
        .named_attr = true,
        .acl = true,
        .clones = true,
        .parents = true,
    };

    return contract_main(&backend, argc, argv);
}
