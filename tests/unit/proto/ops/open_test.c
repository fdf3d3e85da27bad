/* SPDX-License-Identifier: Apache-2.0 */
/* OPEN with OPEN4_CREATE: the effect of its attributes on the file, and what other opens deny. */
#include <string.h>

#include "base/log.h"
#include "lib/test.h"
#include "state/recovery/recovery_record.h"
#include "unit/proto/v41/v41_fixture.h"

static struct v41_call call;
static struct v41_session alice, bob;

static struct wire_opaque text(const char *string)
{
    return (struct wire_opaque){(const uint8_t *)string, (uint32_t)strlen(string)};
}

static void session_of(const char *owner, struct v41_session *session)
{
    v41_session_make(v41_fd, owner, NULL, session);
    v41_begin_in(&call, session, false);
    v41_op(&call, OP_RECLAIM_COMPLETE);
    xdr_put_u32(&call.x, 0);
    v41_roundtrip(v41_fd, &call);
    assert_int_equal(call.status, NFS4_OK);
}

/* UNCHECKED4 with one attribute, whose value is `words`; leaves the results of the last operation,
 * and of a GETATTR of size and mode behind it, in `call`. */
static enum nfsstat4 open_with(struct v41_session *session, uint32_t access, uint32_t deny,
                               uint32_t attribute, const uint32_t words[2])
{
    uint8_t values[8];
    struct xdr v;
    struct OPEN4args args = {
        .share_access = access,
        .share_deny = deny,
        .owner = {.owner = text("owner")},
        .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = UNCHECKED4}},
        .claim = {.claim = CLAIM_NULL, .file = text("file")},
    };
    struct fattr4 *attrs = &args.openhow.how.createattrs;

    xdr_init_encode(&v, values, sizeof(values));
    xdr_put_u32(&v, words[0]);
    xdr_put_u32(&v, words[1]);
    attrs->attrmask.count = 3;
    bitmap4_set(&attrs->attrmask, attribute);
    attrs->attr_vals = (struct wire_opaque){values, sizeof(values)};
    v41_begin_in(&call, session, false);
    v41_op(&call, OP_PUTROOTFH);
    assert_true(wire_OPEN4args(v41_op(&call, OP_OPEN), &args));
    v41_op(&call, OP_GETATTR);
    xdr_put_u32(&call.x, 2);
    xdr_put_u32(&call.x, 1u << FATTR4_SIZE);
    xdr_put_u32(&call.x, 1u << (FATTR4_MODE - 32));
    v41_roundtrip(v41_fd, &call);
    return call.status;
}

/* Size and mode are the last three words of the reply. */
static struct xdr size_and_mode(void)
{
    struct xdr x;

    assert_true(call.body_len > 12);
    xdr_init_decode(&x, call.body + call.body_len - 12, 12, NULL);
    return x;
}

static uint64_t size_of_reply(void)
{
    struct xdr x = size_and_mode();
    uint64_t size = 0;

    assert_true(xdr_u64(&x, &size));
    return size;
}

static void expect_size_and_mode(uint64_t size, uint32_t mode)
{
    struct xdr x = size_and_mode();
    uint64_t found = 0;

    assert_true(xdr_u64(&x, &found));
    assert_int_equal(found, size);
    assert_int_equal(xdr_get_u32(&x), mode);
}

/* Truncation is a write: OPEN4_SHARE_DENY_WRITE denies it in an open for reading too. */
static void truncation_is_denied(void **unused)
{
    const uint32_t ten[2] = {0, 10}, zero[2] = {0, 0};

    (void)unused;
    session_of("alice", &alice);
    session_of("bob", &bob);
    assert_int_equal(
        open_with(&alice, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_WRITE, FATTR4_SIZE, ten),
        NFS4_OK);
    assert_int_equal(
        open_with(&bob, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, FATTR4_SIZE, zero),
        NFS4ERR_SHARE_DENIED);
    /* Any other size is ignored for an existing file, RFC 8881 §18.16.3. */
    assert_int_equal(
        open_with(&bob, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, FATTR4_SIZE, ten), NFS4_OK);
}

/* RFC 8881 §6.2.5: a new file has no bits for the mask to leave alone, whatever its directory
 * has. */
static void masked_mode_of_a_new_file(void **unused)
{
    const uint32_t masked[2] = {0640, 0700};

    (void)unused;
    session_of("alice", &alice);
    assert_int_equal(open_with(&alice, OPEN4_SHARE_ACCESS_BOTH, OPEN4_SHARE_DENY_NONE,
                               FATTR4_MODE_SET_MASKED, masked),
                     NFS4_OK);
    expect_size_and_mode(0, 0600);
}

static struct vfs_ops slow_ops;
static const struct vfs_ops *mem_ops;
static bool opening_blocks;

/* Meanwhile a client is removed whose record cannot be removed. */
static enum vfs_status slow_open(struct vfs_object *obj, const struct vfs_cred *cred,
                                 enum vfs_open_want want, bool held)
{
    if (opening_blocks)
        atomic_store(&test_server.state->recovery->blocked, 1);
    return mem_ops->open(obj, cred, want, held);
}

static void make_slow(struct vfs *fs)
{
    mem_ops = fs->ops;
    slow_ops = *fs->ops;
    slow_ops.open = slow_open;
    fs->ops = &slow_ops;
}

static int set_up_slow(void **unused)
{
    v41_backend_made = make_slow;
    opening_blocks = false;
    return v41_set_up(unused);
}

static int tear_down_slow(void **unused)
{
    v41_backend_made = NULL;
    return v41_tear_down(unused);
}

/* State of one client is not granted to another while the first could claim it after a restart:
 * checked again when there is no conflict, and before the file is changed. */
static void blocked_meanwhile(void **unused)
{
    const uint32_t ten[2] = {0, 10}, zero[2] = {0, 0};

    (void)unused;
    session_of("alice", &alice);
    session_of("bob", &bob);
    assert_int_equal(
        open_with(&alice, OPEN4_SHARE_ACCESS_WRITE, OPEN4_SHARE_DENY_NONE, FATTR4_SIZE, ten),
        NFS4_OK);
    opening_blocks = true;
    assert_int_equal(
        open_with(&bob, OPEN4_SHARE_ACCESS_WRITE, OPEN4_SHARE_DENY_READ, FATTR4_SIZE, zero),
        NFS4ERR_DELAY);
    opening_blocks = false;
    atomic_store(&test_server.state->recovery->blocked, 0);
    /* The failed OPEN leaves no state. */
    assert_int_equal(
        open_with(&alice, OPEN4_SHARE_ACCESS_READ, OPEN4_SHARE_DENY_NONE, FATTR4_SIZE, ten),
        NFS4_OK);
    assert_int_equal(size_of_reply(), 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, v41_set_up, v41_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(truncation_is_denied),
        TEST(masked_mode_of_a_new_file),
        cmocka_unit_test_setup_teardown(blocked_meanwhile, set_up_slow, tear_down_slow),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
