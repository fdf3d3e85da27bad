/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to CB_GETATTR that are none: the server takes nothing from them, and recalls the
 * delegation; one that cannot even be decoded ends the connection (RFC 8881 §10.4.3, §20.1).
 */
#include "holder.h"

enum {
    CHANGE_BIT = 1u << FATTR4_CHANGE,
    SIZE_BIT = 1u << FATTR4_SIZE,
    BOTH_BITS = CHANGE_BIT | SIZE_BIT,
    MODE_BIT = 1u << (FATTR4_MODE % 32),
    TIMES_BITS = 1u << (FATTR4_TIME_DELEG_ACCESS % 32) | 1u << (FATTR4_TIME_DELEG_MODIFY % 32),
    WORDS_MAX = 48,
};

static struct holder holder;
static struct client_fh dir;
static struct client_file file;
static struct nfs4_attrs before;

/* Each of these is sent as the whole of CB_GETATTR4resok. */
struct nonsense {
    const char *what;
    uint32_t count;
    uint32_t words[WORDS_MAX];
};

static const struct nonsense misunderstood[] = {
    {"nothing", 2, {0, 0}},
    {"the change attribute alone", 5, {1, CHANGE_BIT, 8, 0, 1}},
    {"the size alone", 5, {1, SIZE_BIT, 8, 0, 99}},
    {"one that was not asked for", 9, {2, BOTH_BITS, MODE_BIT, 20, 0, 1, 0, 99, 0777}},
    {"one that does not exist", 9, {3, BOTH_BITS, 0, 1u << 31, 16, 0, 1, 0, 99}},
    {"one behind all that exist", 12, {6, BOTH_BITS, 0, 0, 0, 0, 1, 16, 0, 1, 0, 99}},
    {"an ACL", 8, {1, BOTH_BITS | 1u << FATTR4_ACL, 20, 0, 1, 0, 99, UINT32_MAX}},
    {"values that are too short", 5, {1, BOTH_BITS, 8, 0, 1}},
    {"values that are too long", 8, {1, BOTH_BITS, 20, 0, 1, 0, 99, 0}},
    {"no values", 3, {1, BOTH_BITS, 0}},
    {"a size beyond all files", 7, {1, BOTH_BITS, 16, 0, 1, UINT32_MAX, UINT32_MAX}},
    {"times that end early", 10, {3, BOTH_BITS, 0, TIMES_BITS, 20, 0, 1, 0, 99, 0}},
};

static const struct nonsense undecodable[] = {
    {"an end amid the bitmap", 2, {2, BOTH_BITS}},
    {"a bitmap without an end", 3, {UINT32_MAX, BOTH_BITS, 16}},
    {"values without an end", 7, {1, BOTH_BITS, UINT32_MAX, 0, 1, 0, 99}},
    {"more values than there are", 7, {1, BOTH_BITS, 24, 0, 1, 0, 99}},
    {"more than a result", 8, {1, BOTH_BITS, 16, 0, 1, 0, 99, 0}},
};

static void begin_with_holder(const char *export)
{
    static unsigned number;
    char name[16];
    struct client_fh fh;

    dir = script_dir(export);
    (void)snprintf(name, sizeof(name), "file %u", number++);
    fh = make_file(&alice, &dir, name);
    before = attrs_of(&alice, &fh, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE));
    holder_open(&holder, script_minor);
    file = holder_delegated(&holder, &dir, name, OPEN_DELEGATE_WRITE);
}

static void answer_with(const struct nonsense *nonsense)
{
    static uint8_t bytes[4 * WORDS_MAX];

    for (uint32_t i = 0; i < nonsense->count; i++)
        xdr_store_u32(bytes + (size_t)4 * i, nonsense->words[i]);
    holder.callbacks->raw_attrs = (struct wire_opaque){bytes, 4 * nonsense->count};
}

static void ask(struct pending *pending)
{
    begin(&bob, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE));
    pending_send(pending, &bob);
}

/* Nothing of the file looks different, but for one step of its change attribute: the holder may
 * have written what has not arrived. */
static void expect_unchanged(void)
{
    struct nfs4_attrs now = attrs_of(&bob, &file.fh, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE));

    assert_int_equal(now.size, before.size);
    assert_true(now.change >= before.change);
}

static void recalls(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(misunderstood); i++) {
        struct pending pending;

        print_message("    %s\n", misunderstood[i].what);
        begin_with_holder(*state);
        answer_with(&misunderstood[i]);
        ask(&pending);
        holder_wait_recall(&holder, &file);
        holder_finish(&holder, &file);
        if (pending_take(&pending) != NFS4ERR_DELAY)
            expect_status(R->status, NFS4_OK);
        expect_unchanged();
        holder_close(&holder);
    }
}

static bool was_cut(void)
{
    if (holder.mount.conn.fd >= 0 && script_minor > 0)
        return false;
    for (uint32_t i = 0; i < holder.more_count; i++) {
        if (holder.more[i].fd < 0)
            return true;
    }
    return script_minor > 0;
}

static void cuts(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(undecodable); i++) {
        struct pending pending;

        print_message("    %s\n", undecodable[i].what);
        begin_with_holder(*state);
        answer_with(&undecodable[i]);
        ask(&pending);
        holder_pump_until(&holder, was_cut());
        expect_status(pending_take(&pending), NFS4ERR_DELAY);
        holder_drop(&holder);
    }
}

/* Times that were not asked for are ignored, however wild, and change attributes never go back. */
static void backwards(void **state)
{
    struct nonsense answer = {.count = 15,
                              .words = {3, BOTH_BITS, 0, TIMES_BITS, 40, 0, 0, 0, 0, UINT32_MAX, 0,
                                        UINT32_MAX, 1u << 31, 0, UINT32_MAX}};
    struct nfs4_attrs attrs;
    struct pending pending;
    uint64_t last;

    begin_with_holder(*state);
    last = before.change;
    for (int i = 0; i < 4; i++) {
        answer_with(&answer);
        ask(&pending);
        holder_pump_until(&holder, pending_is_answered(&pending));
        if (pending_take(&pending) == NFS4ERR_DELAY) {
            ask(&pending);
            (void)pending_take(&pending);
        }
        expect_status(R->status, NFS4_OK);
        assert_true(fattr_decode(&result(OP_GETATTR)->opgetattr.obj_attributes, &attrs, NULL));
        assert_true(attrs.change > last);
        assert_int_equal(attrs.size, before.size);
        last = attrs.change;
    }
    holder_finish(&holder, &file);
    assert_true(attrs_of(&bob, &file.fh, CLIENT_BITS(FATTR4_CHANGE)).change >= last);
    holder_close(&holder);
}

#define ON(test, export)                                                                           \
    {                                                                                              \
#test " on " #export, test, NULL, NULL, script_##export                                    \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(recalls, mem),   ON(recalls, local),   ON(cuts, mem),
        ON(backwards, mem), ON(backwards, local),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
