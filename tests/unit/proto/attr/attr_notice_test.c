/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes in notices of what changes in a delegated directory: the values that READDIR has, and
 * only what the holder may see.  SR-16. */
#include "proto/attr/attr_notice.h"

#include <netinet/in.h>
#include <pthread.h>

#include "identity/identity_cache.h"
#include "identity/identity_names.h"
#include "lib/test.h"
#include "state/delegation/delegation.h"
#include "state/delegation/delegation_notify.h"
#include "state/delegation/delegation_watch.h"
#include "unit/proto/v41/v41_fixture.h"
#include "vfs/vfs_acl.h"
#include "wire/fattr.h"

static struct vfs_object *root, *file;
static struct export *export;
static struct delegation holder;
static struct delegation_watch watch;
static struct delegation_notice notice;
static struct bitmap4 want;

static int set_up(void **unused)
{
    const struct sockaddr_in peer = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct vfs_attr attr = {.mask = VFS_ATTR_MODE, .mode = 0640};
    struct vfs_create create = {.type = VFS_REG, .attr = &attr};
    const struct vfs_name name = {.data = "a", .len = 1};
    const struct vfs_cred cred = {.uid = 0};
    struct vfs_change_info info;
    struct export_caller caller;
    unsigned phase;

    assert_int_equal(v41_set_up(unused), 0);
    export_caller_init(&caller, (const struct sockaddr *)&peer, NULL, SECURITY_SYS, XPRTSEC_NONE);
    phase = export_enter(test_server.exports);
    assert_int_equal(export_root(test_server.exports, &caller, &root, &export), VFS_OK);
    export_leave(test_server.exports, phase);
    assert_int_equal(root->fs->ops->create(root, &cred, &name, &create, &info, &file), VFS_OK);
    memset(&holder, 0, sizeof(holder));
    memset(&watch, 0, sizeof(watch));
    holder.fh_len = export_fh_build(export, &root->handle, holder.fh);
    holder.watch = &watch;
    notice =
        (struct delegation_notice){.delegation = &holder, .type = NOTIFY4_ADD_ENTRY, .obj = file};
    want = (struct bitmap4){0};
    bitmap4_set(&want, FATTR4_CHANGE);
    bitmap4_set(&want, FATTR4_FILEHANDLE);
    bitmap4_set(&want, FATTR4_FILEID);
    bitmap4_set(&want, FATTR4_MODE);
    return 0;
}

static int tear_down(void **unused)
{
    vfs_object_put(file);
    vfs_object_put(root);
    return v41_tear_down(unused);
}

/* What was encoded: its mask in `mask`. */
static struct nfs4_attrs encoded(struct bitmap4 *mask)
{
    static uint8_t bytes[1024];
    struct nfs4_attrs attrs;
    struct fattr4 fattr;
    struct xdr x;

    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_true(attr_notice_encode(&notice, &want, &x, &test_server));
    xdr_init_decode(&x, bytes, xdr_pos(&x), NULL);
    assert_true(wire_fattr4(&x, &fattr));
    assert_int_equal(xdr_left(&x), 0);
    assert_true(fattr_decode(&fattr, &attrs, NULL));
    *mask = fattr.attrmask;
    return attrs;
}

static struct vfs_attr attr_of(struct vfs_object *obj)
{
    struct vfs_attr attr;

    assert_int_equal(obj->fs->ops->getattr(obj, VFS_ATTR_CHANGE, &attr), VFS_OK);
    return attr;
}

static void of_an_entry(void **unused)
{
    uint8_t fh[LIMIT_FH_BYTES];
    uint32_t fh_len = export_fh_build(export, &file->handle, fh);
    struct nfs4_attrs attrs;
    struct bitmap4 mask;

    (void)unused;
    bitmap4_set(&want, FATTR4_ACL); /* not what anybody is granted */
    bitmap4_set(&want, FATTR4_DACL);
    attrs = encoded(&mask);
    bitmap4_clear(&want, FATTR4_ACL);
    bitmap4_clear(&want, FATTR4_DACL);
    assert_memory_equal(mask.words, want.words, sizeof(want.words));
    assert_int_equal(attrs.filehandle.len, fh_len);
    assert_memory_equal(attrs.filehandle.data, fh, fh_len);
    assert_int_equal(attrs.fileid, file->fileid);
    assert_int_equal(attrs.mode, 0640);
    assert_int_equal(attrs.change, attr_of(file).change);
}

/* The change attribute as of the last change that was told; none if that is not known. */
static void of_the_directory(void **unused)
{
    struct bitmap4 mask;

    (void)unused;
    notice.type = NOTIFY4_CHANGE_DIR_ATTRS;
    notice.obj = root;
    notice.has_change = true;
    notice.change = 7;
    assert_int_equal(encoded(&mask).change, 7);
    assert_true(bitmap4_isset(&mask, FATTR4_CHANGE));
    notice.has_change = false;
    assert_int_equal(encoded(&mask).fileid, root->fileid);
    assert_false(bitmap4_isset(&mask, FATTR4_CHANGE));
}

/* The export of the directory no longer exists. */
static void of_nothing(void **unused)
{
    struct bitmap4 mask;

    (void)unused;
    holder.fh_len = 0;
    (void)encoded(&mask);
    assert_int_equal(mask.count, 0);
}

/* An ACL denies the attributes to one user. */
static void not_for_everybody(void **unused)
{
    struct vfs_ace aces[] = {
        {.mask = VFS_ACE_READ_ATTRIBUTES, .who = VFS_ACE_USER, .id = 4711, .deny = true},
        {.mask = VFS_ACE_RIGHTS, .who = VFS_ACE_EVERYONE},
    };
    const struct vfs_acl acl = {.count = ARRAY_SIZE(aces), .aces = aces};
    const struct vfs_attr attr = {.mask = VFS_ATTR_ACL, .acl = &acl};
    const struct vfs_cred cred = {.uid = 0};
    struct bitmap4 mask;
    uint32_t applied;

    (void)unused;
    assert_int_equal(file->fs->ops->setattr(file, &cred, &attr, false, &applied), VFS_OK);
    watch.cred.uid = 4712;
    (void)encoded(&mask);
    assert_int_not_equal(mask.count, 0);
    watch.cred.uid = 4711;
    (void)encoded(&mask);
    assert_int_equal(mask.count, 0);
}

/* ---- names of owners ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects `asleep` */
static pthread_cond_t awake = PTHREAD_COND_INITIALIZER;
static bool asleep;

static enum identity_found ask(enum identity_question question, uint32_t id, const char *name,
                               struct identity **answer)
{
    (void)name;
    pthread_mutex_lock(&lock);
    while (asleep)
        pthread_cond_wait(&awake, &lock);
    pthread_mutex_unlock(&lock);
    *answer = identity_create(IDENTITY_FROM_DATABASE, id, id,
                              question == IDENTITY_ASK_USER ? "root" : "wheel", NULL, 0);
    return IDENTITY_FOUND;
}

static void set_asleep(bool value)
{
    pthread_mutex_lock(&lock);
    asleep = value;
    pthread_cond_broadcast(&awake);
    pthread_mutex_unlock(&lock);
}

static void expect_owners(const char *owner, const char *group)
{
    const struct nfs4_attrs attrs = encoded(&(struct bitmap4){0});

    assert_int_equal(attrs.owner.len, strlen(owner));
    assert_memory_equal(attrs.owner.data, owner, attrs.owner.len);
    assert_int_equal(attrs.owner_group.len, strlen(group));
    assert_memory_equal(attrs.owner_group.data, group, attrs.owner_group.len);
}

static void wait_for_names(void)
{
    char text[IDENTITY_NAME_BYTES];
    uint32_t len;

    for (int kind = IDENTITY_USER; kind <= IDENTITY_GROUP; kind++)
        assert_int_equal(identity_name_of(test_server.identities, (enum identity_kind)kind, 0,
                                          IDENTITY_WAIT, text, &len),
                         IDENTITY_NAMED);
}

/* A holder is told owners in the form that its own calls get.  While a name is not known, it is
 * told which object it is, and nothing that is wrong. */
static void names_of_owners(void **unused)
{
    static const struct identity_source database = {.ask = ask};
    const struct identity_config config = {
        .domain = "lab.example", .ttl_s = 600, .source = &database};
    char error[IDENTITY_MAP_ERROR_BYTES];
    struct bitmap4 mask, identity = {0};

    (void)unused;
    bitmap4_set(&identity, FATTR4_FILEHANDLE);
    bitmap4_set(&identity, FATTR4_FILEID);
    bitmap4_set(&want, FATTR4_OWNER);
    bitmap4_set(&want, FATTR4_OWNER_GROUP);
    expect_owners("0", "0");
    test_server.identities = identity_cache_create(&config, error);
    set_asleep(true);
    watch.wants.named_owners = true;
    assert_int_equal(encoded(&mask).fileid, file->fileid);
    assert_memory_equal(mask.words, identity.words, sizeof(identity.words));
    set_asleep(false);
    wait_for_names();
    expect_owners("root@lab.example", "wheel@lab.example");
    watch.wants.named_owners = false;
    expect_owners("0", "0");
    identity_cache_destroy(test_server.identities);
    test_server.identities = NULL;
}

static void without_room(void **unused)
{
    uint8_t bytes[32];
    struct xdr x;

    (void)unused;
    xdr_init_encode(&x, bytes, sizeof(bytes));
    assert_false(attr_notice_encode(&notice, &want, &x, &test_server));
}

#define NOTICE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NOTICE_TEST(of_an_entry),     NOTICE_TEST(of_the_directory),  NOTICE_TEST(of_nothing),
        NOTICE_TEST(names_of_owners), NOTICE_TEST(not_for_everybody), NOTICE_TEST(without_room),
    };

    return test_group_run(tests);
}
