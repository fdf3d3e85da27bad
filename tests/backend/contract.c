/* SPDX-License-Identifier: Apache-2.0 */
/* The runner: selects the tests that fit a backend, and makes a fresh file system for each. */
#include "backend/contract.h"

#include <stdlib.h>

#include "lib/vfs_status_name.h"

/* In the order of CMakeLists.txt. */
extern const struct contract_group contract_acl, contract_advise, contract_attr, contract_change,
    contract_change_order, contract_clone, contract_copy, contract_create, contract_data,
    contract_handle, contract_label, contract_lease, contract_link, contract_lookup,
    contract_named_attr, contract_names, contract_open, contract_path, contract_permission,
    contract_persist, contract_readdir, contract_remove, contract_rename, contract_space,
    contract_stress, contract_umask, contract_xattr;

static const struct contract_group *const groups[] = {
    &contract_acl,          &contract_advise, &contract_attr,       &contract_change,
    &contract_change_order, &contract_clone,  &contract_copy,       &contract_create,
    &contract_data,         &contract_handle, &contract_label,      &contract_lease,
    &contract_link,         &contract_lookup, &contract_named_attr, &contract_names,
    &contract_open,         &contract_path,   &contract_permission, &contract_persist,
    &contract_readdir,      &contract_remove, &contract_rename,     &contract_space,
    &contract_stress,       &contract_umask,  &contract_xattr,
};

static const struct contract_backend *current_backend;
static const uint32_t member_groups[] = {CONTRACT_OWNER};

static struct vfs_cred cred_of(uint32_t uid, uint32_t gid)
{
    return (struct vfs_cred){.uid = uid, .gid = gid};
}

static void bring_up(struct contract *c, struct vfs *fs)
{
    assert_non_null(fs);
    c->fs = fs;
    if (fs->fsid == 0)
        fs->fsid = 1;
    assert_ok(fs->ops->root(fs, &c->root));
}

static void take_down(struct contract *c)
{
    vfs_object_put(c->root);
    c->root = NULL;
}

static int set_up(void **state)
{
    struct contract *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    c->backend = current_backend;
    c->owner = current_backend->owner;
    c->member = cred_of(CONTRACT_MEMBER, CONTRACT_TEAM);
    c->member.gids = member_groups;
    c->member.gid_count = ARRAY_SIZE(member_groups);
    c->other = cred_of(CONTRACT_OTHER, CONTRACT_OTHER);
    c->super = cred_of(0, 0);
    bring_up(c, current_backend->create());
    *state = c;
    return 0;
}

static int tear_down(void **state)
{
    struct contract *c = *state;

    take_down(c);
    c->backend->destroy(c->fs);
    free(c);
    return 0;
}

void contract_reopen(struct contract *c)
{
    take_down(c);
    bring_up(c, c->backend->reopen(c->fs));
}

void contract_limit(struct contract *c, uint64_t bytes, uint32_t links)
{
    take_down(c);
    c->backend->destroy(c->fs);
    bring_up(c, c->backend->create_limited(bytes, links));
}

static uint32_t backend_offers(const struct contract_backend *backend)
{
    uint32_t offers = 0;

    offers |= backend->multi_user ? NEEDS_USERS : 0;
    offers |= backend->can_chown ? NEEDS_CHOWN : 0;
    offers |= backend->can_mknod ? NEEDS_MKNOD : 0;
    offers |= backend->create_limited ? NEEDS_LIMIT : 0;
    offers |= backend->named_attr ? NEEDS_NAMED_ATTR : 0;
    offers |= backend->acl ? NEEDS_ACL | NEEDS_SOME_ACL : 0;
    offers |= backend->posix_acl ? NEEDS_SOME_ACL : 0;
    offers |= backend->parents ? NEEDS_PARENTS : 0;
    offers |= backend->clones ? NEEDS_CLONE : 0;
    offers |= backend->reopen ? NEEDS_REOPEN : 0;
    return offers;
}

static int run_group(const struct contract_group *group, uint32_t offers)
{
    struct CMUnitTest *tests = calloc(group->count, sizeof(*tests));
    size_t count = 0;
    int failed;

    if (!tests)
        return 1;
    for (size_t i = 0; i < group->count; i++) {
        const struct contract_test *test = &group->tests[i];

        if (test->needs & ~offers) {
            (void)printf("not for this backend: %s\n", test->name);
            continue;
        }
        tests[count++] = (struct CMUnitTest){test->name, test->run, set_up, tear_down, NULL};
    }
    failed = _cmocka_run_group_tests(group->name, tests, count, NULL, NULL);
    free(tests);
    return failed;
}

int contract_main(const struct contract_backend *backend, int argc, char **argv)
{
    uint32_t offers = backend_offers(backend);
    size_t ran = 0;
    int failed = 0;

    current_backend = backend;
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        if (argc > 1 && strcmp(argv[1], groups[i]->name) != 0)
            continue;
        failed += run_group(groups[i], offers);
        ran++;
    }
    if (ran == 0) {
        (void)fprintf(stderr, "no such group: %s\n", argv[1]);
        return 2;
    }
    return test_exit_status(failed);
}

void assert_status_at(enum vfs_status got, enum vfs_status want, const char *expr, const char *file,
                      int line)
{
    if (got == want)
        return;
    print_error("%s: got %s, want %s\n", expr, vfs_status_name(got), vfs_status_name(want));
    _fail(file, line);
}

void assert_status2_at(enum vfs_status got, enum vfs_status a, enum vfs_status b, const char *expr,
                       const char *file, int line)
{
    if (got == a || got == b)
        return;
    print_error("%s: got %s, want %s or %s\n", expr, vfs_status_name(got), vfs_status_name(a),
                vfs_status_name(b));
    _fail(file, line);
}
