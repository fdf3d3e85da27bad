/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations with the times of their file (RFC 9754 §5): who gets one, what the holder reports by
 * SETATTR and CB_GETATTR, within which bounds it is believed, and what others see.
 */
#include <string.h>

#include "holder.h"
#include "scrape.h"

#define TIMES OPEN4_SHARE_ACCESS_WANT_DELEG_TIMESTAMPS
#define ALL_TIMES                                                                                  \
    CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE, FATTR4_TIME_ACCESS, FATTR4_TIME_METADATA,              \
                FATTR4_TIME_MODIFY)
#define BOTH_HELD CLIENT_BITS(FATTR4_TIME_DELEG_ACCESS, FATTR4_TIME_DELEG_MODIFY)

static const struct nfstime4 past = {.seconds = 981173106, .nseconds = 789};
static const struct nfstime4 future = {.seconds = INT64_C(1) << 33};

static struct holder holder;
static struct client_fh dir;
static struct client_file file; /* the holder has it for writing, with the times, and no open */
static struct nfs4_attrs before;

static struct client_file open_as(struct holder *by, const char *name, uint32_t access)
{
    const struct client_open how = {.owner = "holder",
                                    .access = access,
                                    .name = name,
                                    .create = true,
                                    .how = UNCHECKED4,
                                    .mode = 0666};
    struct client_file opened;

    expect_status(client_file_open(&by->mount, &dir, &how, &opened), NFS4_OK);
    expect_status(client_file_close(&by->mount, &opened), NFS4_OK);
    return opened;
}

static struct client_file delegated(struct holder *by, const char *name, uint32_t access,
                                    enum open_delegation_type4 type)
{
    struct client_file opened = open_as(by, name, access);

    assert_int_equal(opened.open.delegation.delegation_type, type);
    return opened;
}

static struct client_file delegated_write(struct holder *by, const char *name)
{
    return delegated(by, name,
                     OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG | TIMES,
                     OPEN_DELEGATE_WRITE_ATTRS_DELEG);
}

static int set_up_as(const char *export, struct client_cred cred)
{
    struct client_fh fh;

    dir = script_dir(export);
    fh = make_file(&bob, &dir, "file");
    expect_status(client_file_setattr(&bob, &fh, CLIENT_BITS(FATTR4_MODE),
                                      &(struct nfs4_attrs){.mode = 0666}),
                  NFS4_OK);
    before = attrs_of(&bob, &fh, ALL_TIMES);
    holder_open(&holder, 2);
    holder.mount.conn.cred = cred;
    file = delegated_write(&holder, "file");
    holder.callbacks->attrs = (struct nfs4_attrs){.change = before.change,
                                                  .size = before.size,
                                                  .time_deleg_access = before.time_access,
                                                  .time_deleg_modify = before.time_modify};
    return 0;
}

static int setup(void **state)
{
    return set_up_as(*state, script_cred());
}

/* The holder is not the file's owner. */
static int setup_stranger(void **state)
{
    return set_up_as(*state, script_stranger());
}

static int teardown(void **state)
{
    (void)state;
    holder_close(&holder);
    return 0;
}

static int compare(struct nfstime4 a, struct nfstime4 b)
{
    if (a.seconds != b.seconds)
        return a.seconds < b.seconds ? -1 : 1;
    return (a.nseconds > b.nseconds) - (a.nseconds < b.nseconds);
}

static struct nfstime4 just_after(struct nfstime4 t)
{
    t.nseconds++;
    if (t.nseconds == 1000000000)
        t = (struct nfstime4){.seconds = t.seconds + 1};
    return t;
}

static struct stateid4 held(const struct client_file *of)
{
    return *client_file_delegation(of);
}

static void report(struct holder *by, const struct client_file *of, struct bitmap4 which,
                   struct nfstime4 atime, struct nfstime4 mtime, enum nfsstat4 status)
{
    const struct stateid4 stateid = held(of);

    begin(&by->mount, &of->fh);
    client_op_setattr(C, &stateid, which,
                      &(struct nfs4_attrs){.time_deleg_access = atime, .time_deleg_modify = mtime});
    run_on(&by->mount.conn, status);
}

static bool was_set(uint32_t attribute)
{
    return bitmap4_isset(&result(OP_SETATTR)->attrsset, attribute);
}

static void ask(struct pending *pending, struct bitmap4 which)
{
    begin(&bob, &file.fh);
    client_op_getattr(C, which);
    pending_send(pending, &bob);
}

/* What bob sees, with the holder answering. */
static struct nfs4_attrs seen_of(struct bitmap4 which)
{
    struct pending pending;
    struct nfs4_attrs attrs;

    ask(&pending, which);
    holder_pump_until(&holder, pending_is_answered(&pending));
    if (pending_take(&pending) == NFS4ERR_DELAY) { /* a slow machine: the holder's answer is kept */
        begin(&bob, &file.fh);
        client_op_getattr(C, which);
        run_on(&bob.conn, NFS4_OK);
    }
    expect_status(R->status, NFS4_OK);
    assert_true(
        fattr_decode(&result(OP_GETATTR)->opgetattr.obj_attributes, &attrs, &R->reply.arena));
    return attrs;
}

static struct nfs4_attrs seen(void)
{
    return seen_of(ALL_TIMES);
}

/* What everybody sees once it is returned. */
static struct nfs4_attrs finished(void)
{
    holder_return(&holder, &file);
    return attrs_of(&bob, &file.fh, ALL_TIMES);
}

static double metric(const char *name)
{
    struct scrape scrape = scrape_take();
    double value = scrape_sum(&scrape, name);

    scrape_free(&scrape);
    return value;
}

/* ---- grants ---- */

/* The access time alone can be set on mem, but not on local. */
static void kinds(void **state)
{
    const bool mem = *state == script_mem;
    struct client_file other;
    struct holder older;

    holder_return(&holder, &file);
    file = delegated(&holder, "file",
                     OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_READ_DELEG | TIMES,
                     mem ? OPEN_DELEGATE_READ_ATTRS_DELEG : OPEN_DELEGATE_READ);
    report(&holder, &file, CLIENT_BITS(FATTR4_TIME_DELEG_MODIFY), before.time_modify,
           before.time_modify, mem ? NFS4ERR_OPENMODE : NFS4ERR_BAD_STATEID);
    holder_return(&holder, &file);
    other =
        delegated(&holder, "file", OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG,
                  OPEN_DELEGATE_WRITE);
    report(&holder, &other, BOTH_HELD, past, past, NFS4ERR_BAD_STATEID);
    holder_return(&holder, &other);
    holder_open(&older, 1);
    other = delegated(&older, "file",
                      OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_WRITE_DELEG | TIMES,
                      OPEN_DELEGATE_WRITE);
    report(&older, &other, BOTH_HELD, past, past, NFS4ERR_ATTRNOTSUPP);
    holder_return(&older, &other);
    holder_close(&older);
}

/* The upgraded one has the times if they were asked for with it. */
static void upgraded(void **state)
{
    const double granted = metric("delegation_granted_with_times");
    const double reports = metric("delegation_times_reported");
    struct client_file first, second;

    (void)state;
    holder_return(&holder, &file);
    first = delegated(&holder, "file", OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_READ_DELEG,
                      OPEN_DELEGATE_READ);
    second = delegated_write(&holder, "file");
    assert_memory_equal(held(&first).other, held(&second).other, NFS4_OTHER_SIZE);
    report(&holder, &second, BOTH_HELD, past, past, NFS4_OK);
    assert_true(metric("delegation_granted_with_times") == granted + 1);
    assert_true(metric("delegation_times_reported") == reports + 1);
    file = second;
    assert_int_equal(compare(finished().time_modify, past), 0);
}

/* ---- SETATTR ---- */

static void reported(void **state)
{
    const bool mem = *state == script_mem;
    const struct nfstime4 mtime = just_after(before.time_modify);
    const struct nfstime4 atime = just_after(before.time_access);
    struct nfs4_attrs after;

    report(&holder, &file, BOTH_HELD, atime, mtime, NFS4_OK);
    assert_true(was_set(FATTR4_TIME_DELEG_ACCESS) && was_set(FATTR4_TIME_DELEG_MODIFY));
    after = finished();
    assert_int_equal(compare(after.time_modify, mtime), 0);
    assert_int_equal(compare(after.time_access, atime), 0);
    assert_true(after.change > before.change);
    assert_true(compare(after.time_metadata, mtime) >= 0);
    /* Not the present, where the backend can choose. */
    if (mem)
        assert_true(compare(after.time_metadata, before.time_metadata) == 0 ||
                    compare(after.time_metadata, mtime) == 0);
}

/* RFC 9754 §5: the access time must not move the change time. */
static void access_time_alone(void **state)
{
    const bool mem = *state == script_mem;
    const struct nfstime4 atime = just_after(before.time_access);
    struct nfs4_attrs after;

    report(&holder, &file, BOTH_HELD, atime, before.time_modify, NFS4_OK);
    assert_int_equal(was_set(FATTR4_TIME_DELEG_ACCESS), mem);
    assert_true(was_set(FATTR4_TIME_DELEG_MODIFY)); /* it has this value */
    after = finished();
    assert_int_equal(compare(after.time_access, mem ? atime : before.time_access), 0);
    assert_int_equal(compare(after.time_metadata, before.time_metadata), 0);
    assert_int_equal(compare(after.time_modify, before.time_modify), 0);
    assert_true(after.change == before.change);
}

/* The time of the holder's data is when a program wrote them, not when they came. */
static void written(void **state)
{
    const struct nfstime4 mtime = just_after(before.time_modify);
    const struct stateid4 stateid = held(&file);

    (void)state;
    begin(&holder.mount, &file.fh);
    client_op_write(C, &stateid, 0, FILE_SYNC4, "data", 4);
    client_op_setattr(C, &stateid, CLIENT_BITS(FATTR4_TIME_DELEG_MODIFY),
                      &(struct nfs4_attrs){.time_deleg_modify = mtime});
    run_on(&holder.mount.conn, NFS4_OK);
    assert_int_equal(compare(finished().time_modify, mtime), 0);
}

/* On local the ctime is by the kernel's clock, which may be a tick behind. */
static void of_the_future(void **state)
{
    struct nfs4_attrs after;

    report(&holder, &file, BOTH_HELD, future, future, NFS4_OK);
    after = finished();
    assert_true(compare(after.time_modify, future) < 0);
    assert_true(compare(after.time_modify, before.time_modify) >= 0);
    assert_int_equal(compare(after.time_modify, after.time_access), 0);
    if (*state == script_mem)
        assert_true(compare(after.time_metadata, after.time_modify) >= 0);
}

/* The ends of what can be said; on local the file system may cut the first. */
static void of_the_ends_of_time(void **state)
{
    const struct nfstime4 first = {.seconds = INT64_MIN, .nseconds = 999999999};
    const struct nfstime4 last = {.seconds = INT64_MAX, .nseconds = 999999999};
    struct nfs4_attrs after;

    report(&holder, &file, BOTH_HELD, last, last, NFS4_OK);
    holder.callbacks->attrs.time_deleg_access = holder.callbacks->attrs.time_deleg_modify = last;
    after = seen();
    assert_true(compare(after.time_modify, future) < 0);
    report(&holder, &file, BOTH_HELD, first, first, NFS4_OK);
    holder.callbacks->attrs.time_deleg_access = holder.callbacks->attrs.time_deleg_modify = first;
    after = seen();
    assert_int_equal(compare(after.time_modify, first), 0);
    report(&holder, &file, BOTH_HELD, first, first, NFS4_OK);
    after = finished();
    if (*state == script_mem)
        assert_int_equal(compare(after.time_modify, first), 0);
    assert_true(compare(after.time_modify, past) < 0);
    assert_true(after.change > before.change);
}

/* The owner may set any time, as `cp -p` does; others may not. */
static void of_the_past(void **state)
{
    struct nfs4_attrs after;

    (void)state;
    report(&holder, &file, BOTH_HELD, past, past, NFS4_OK);
    assert_true(was_set(FATTR4_TIME_DELEG_ACCESS) && was_set(FATTR4_TIME_DELEG_MODIFY));
    after = finished();
    assert_int_equal(compare(after.time_modify, past), 0);
    assert_int_equal(compare(after.time_access, past), 0);
    assert_true(after.change > before.change);
    assert_true(compare(after.time_metadata, before.time_metadata) >= 0);
}

static void of_the_past_by_a_stranger(void **state)
{
    struct nfs4_attrs after;

    (void)state;
    report(&holder, &file, BOTH_HELD, past, past, NFS4_OK);
    assert_false(was_set(FATTR4_TIME_DELEG_ACCESS) || was_set(FATTR4_TIME_DELEG_MODIFY));
    holder.callbacks->attrs.time_deleg_access = past;
    holder.callbacks->attrs.time_deleg_modify = past;
    after = seen();
    assert_int_equal(compare(after.time_modify, before.time_modify), 0);
    assert_int_equal(compare(after.time_access, before.time_access), 0);
    assert_true(after.change == before.change);
    /* A later one counts, though a stranger could not set it otherwise. */
    report(&holder, &file, CLIENT_BITS(FATTR4_TIME_DELEG_MODIFY), past,
           just_after(before.time_modify), NFS4_OK);
    after = finished();
    assert_int_equal(compare(after.time_modify, just_after(before.time_modify)), 0);
}

/* Nothing but the stateid of such a delegation will do. */
static void wrong_stateids(void **state)
{
    struct client_file bad = file, other = open_as(&holder, "other", OPEN4_SHARE_ACCESS_BOTH);
    struct client_file open;

    (void)state;
    bad.open.delegation.write.stateid = client_stateid_anonymous;
    report(&holder, &bad, BOTH_HELD, past, past, NFS4ERR_BAD_STATEID);
    expect_status(client_file_open_rw(&holder.mount, &dir, "file", &open), NFS4_OK);
    bad.open.delegation.write.stateid = open.stateid;
    report(&holder, &bad, BOTH_HELD, past, past, NFS4ERR_BAD_STATEID);
    expect_status(client_file_close(&holder.mount, &open), NFS4_OK);
    bad = file;
    bad.open.delegation.write.stateid.seqid++;
    report(&holder, &bad, BOTH_HELD, past, past, NFS4ERR_BAD_STATEID);
    bad = file;
    bad.fh = other.fh;
    report(&holder, &bad, BOTH_HELD, past, past, NFS4ERR_BAD_STATEID);
    bad.fh = dir;
    report(&holder, &bad, BOTH_HELD, past, past, NFS4ERR_BAD_STATEID);
    holder_return(&holder, &file);
    report(&holder, &file, BOTH_HELD, past, past, NFS4ERR_BAD_STATEID);
    assert_int_equal(compare(attrs_of(&bob, &file.fh, ALL_TIMES).time_modify, before.time_modify),
                     0);
    if (client_file_delegation(&other))
        holder_return(&holder, &other);
}

/* Another user of the holder needs the right to the file, and cannot pass for its owner. */
static void by_another_user(void **state)
{
    const struct nfstime4 mtime = just_after(before.time_modify);
    const struct nfs4_attrs shut = {.mode = 0600}, open = {.mode = 0666};

    (void)state;
    expect_status(client_file_setattr(&holder.mount, &file.fh, CLIENT_BITS(FATTR4_MODE), &shut),
                  NFS4_OK);
    holder.mount.conn.cred = script_stranger();
    report(&holder, &file, BOTH_HELD, mtime, mtime, NFS4ERR_ACCESS);
    holder.mount.conn.cred = script_cred();
    expect_status(client_file_setattr(&holder.mount, &file.fh, CLIENT_BITS(FATTR4_MODE), &open),
                  NFS4_OK);
    holder.mount.conn.cred = script_stranger();
    report(&holder, &file, BOTH_HELD, past, past, NFS4_OK);
    assert_false(was_set(FATTR4_TIME_DELEG_ACCESS) || was_set(FATTR4_TIME_DELEG_MODIFY));
    report(&holder, &file, BOTH_HELD, mtime, mtime, NFS4_OK);
    assert_true(was_set(FATTR4_TIME_DELEG_ACCESS) && was_set(FATTR4_TIME_DELEG_MODIFY));
    holder.mount.conn.cred = script_cred();
    assert_int_equal(compare(finished().time_modify, mtime), 0);
}

/* The attributes are for SETATTR and CB_GETATTR, with times as values. */
static void wrong_uses(void **state)
{
    static const uint32_t both[] = {FATTR4_TIME_DELEG_ACCESS, FATTR4_TIME_DELEG_MODIFY};
    static const uint8_t zero[12];
    const struct nfstime4 no_time = {.nseconds = 1000000000};
    struct nfs_argop4 create = {
        .argop = OP_OPEN,
        .opopen = {.share_access = OPEN4_SHARE_ACCESS_BOTH,
                   .openhow = {.opentype = OPEN4_CREATE, .how = {.mode = GUARDED4}},
                   .claim = {.claim = CLAIM_NULL, .file = client_text("new")}}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        const struct fattr4 attr = {.attrmask = CLIENT_BITS(both[i]), .attr_vals = {zero, 12}};

        begin(&holder.mount, &file.fh);
        client_op_getattr(C, CLIENT_BITS(both[i]));
        run_on(&holder.mount.conn, NFS4ERR_INVAL);
        begin(&holder.mount, &dir);
        client_compound_add(C, &(struct nfs_argop4){.argop = OP_READDIR,
                                                    .opreaddir = {.dircount = 4096,
                                                                  .maxcount = 4096,
                                                                  .attr_request = attr.attrmask}});
        run_on(&holder.mount.conn, NFS4ERR_INVAL);
        begin(&holder.mount, &file.fh);
        client_compound_add(C, &(struct nfs_argop4){.argop = OP_VERIFY, .opverify = {attr}});
        run_on(&holder.mount.conn, NFS4ERR_INVAL);
        begin(&holder.mount, &file.fh);
        client_compound_add(C, &(struct nfs_argop4){.argop = OP_NVERIFY, .opverify = {attr}});
        run_on(&holder.mount.conn, NFS4ERR_INVAL);
        create.opopen.openhow.how.createattrs = attr;
        begin(&holder.mount, &dir);
        script_op_as(&holder.mount, "holder", &create);
        run_on(&holder.mount.conn, NFS4ERR_INVAL);
        report(&holder, &file, CLIENT_BITS(both[i]), no_time, no_time, NFS4ERR_INVAL);
        report(&holder, &file, CLIENT_BITS(both[i], FATTR4_TIME_ACCESS_SET, FATTR4_TIME_MODIFY_SET),
               past, past, NFS4ERR_INVAL);
    }
    assert_int_equal(compare(finished().time_modify, before.time_modify), 0);
}

/* With what else may be set; what cannot be set leaves the times alone. */
static void with_others(void **state)
{
    const struct stateid4 stateid = held(&file);
    const struct nfstime4 mtime = just_after(before.time_modify);
    const struct nfs4_attrs attrs = {.mode = 0600, .size = 3, .time_deleg_modify = mtime};
    struct nfs4_attrs after;

    (void)state;
    begin(&holder.mount, &file.fh);
    client_op_setattr(C, &stateid, CLIENT_BITS(FATTR4_MODE, FATTR4_SIZE, FATTR4_TIME_DELEG_MODIFY),
                      &attrs);
    run_on(&holder.mount.conn, NFS4_OK);
    assert_true(was_set(FATTR4_MODE) && was_set(FATTR4_SIZE) && was_set(FATTR4_TIME_DELEG_MODIFY));
    after = finished();
    assert_int_equal(after.size, 3);
    assert_int_equal(compare(after.time_modify, mtime), 0);
}

/* Readers keep their delegations when one of them reports, and the latest time counts. */
static void several_readers(void **state)
{
    const struct nfstime4 first = just_after(before.time_access), second = just_after(first);
    const uint32_t reads = OPEN4_SHARE_ACCESS_READ | OPEN4_SHARE_ACCESS_WANT_READ_DELEG | TIMES;
    struct holder other;
    struct client_file theirs;

    (void)state;
    holder_return(&holder, &file);
    file = delegated(&holder, "file", reads, OPEN_DELEGATE_READ_ATTRS_DELEG);
    holder_open(&other, 2);
    theirs = delegated(&other, "file", reads, OPEN_DELEGATE_READ_ATTRS_DELEG);
    report(&other, &theirs, CLIENT_BITS(FATTR4_TIME_DELEG_ACCESS), second, second, NFS4_OK);
    assert_true(was_set(FATTR4_TIME_DELEG_ACCESS));
    report(&holder, &file, CLIENT_BITS(FATTR4_TIME_DELEG_ACCESS), first, first, NFS4_OK);
    assert_false(was_set(FATTR4_TIME_DELEG_ACCESS));
    assert_int_equal(holder.callbacks->count + other.callbacks->count, 0);
    holder_return(&other, &theirs);
    holder_close(&other);
    assert_int_equal(compare(finished().time_access, second), 0);
}

/* ---- CB_GETATTR ---- */

static void nothing_new(void **state)
{
    const struct nfs4_attrs now = seen();
    const struct client_callback_op *op =
        client_callback_lookup(client_callback_at(holder.callbacks, 0), OP_CB_GETATTR);

    (void)state;
    assert_non_null(op);
    assert_true(bitmap4_isset(&op->bits, FATTR4_TIME_DELEG_ACCESS) &&
                bitmap4_isset(&op->bits, FATTR4_TIME_DELEG_MODIFY));
    assert_true(now.change == before.change && now.size == before.size);
    assert_int_equal(compare(now.time_modify, before.time_modify), 0);
    assert_int_equal(compare(now.time_access, before.time_access), 0);
    assert_int_equal(compare(now.time_metadata, before.time_metadata), 0);
    (void)finished();
}

/* Another mtime is a change, once; and so it stays when the holder returns it. */
static void another_mtime(void **state)
{
    const struct nfstime4 mtime = just_after(before.time_modify);
    struct nfs4_attrs first, second, end;

    (void)state;
    holder.callbacks->attrs.time_deleg_access = mtime;
    holder.callbacks->attrs.time_deleg_modify = mtime;
    first = seen();
    assert_int_equal(compare(first.time_modify, mtime), 0);
    assert_int_equal(compare(first.time_access, mtime), 0);
    assert_true(first.change > before.change);
    assert_true(compare(first.time_metadata, mtime) >= 0);
    second = seen();
    assert_int_equal(compare(second.time_modify, mtime), 0);
    assert_true(second.change == first.change);
    report(&holder, &file, BOTH_HELD, mtime, mtime, NFS4_OK);
    end = finished();
    assert_int_equal(compare(end.time_modify, mtime), 0);
    assert_true(end.change > second.change);
    assert_true(compare(end.time_metadata, second.time_metadata) >= 0);
}

/* Who asks for the access time alone is told, too. */
static void another_atime(void **state)
{
    const struct nfstime4 atime = just_after(before.time_access);

    (void)state;
    holder.callbacks->attrs.time_deleg_access = atime;
    assert_int_equal(compare(seen_of(CLIENT_BITS(FATTR4_TIME_ACCESS)).time_access, atime), 0);
    assert_int_equal(holder.callbacks->count, 1);
    assert_true(seen().change == before.change);
    (void)finished();
}

static void answered_with_the_future(void **state)
{
    struct nfs4_attrs now;

    (void)state;
    holder.callbacks->attrs.time_deleg_modify = future;
    now = seen();
    assert_true(compare(now.time_modify, future) < 0);
    assert_true(compare(now.time_modify, before.time_modify) > 0);
    assert_true(compare(now.time_metadata, now.time_modify) >= 0);
    (void)finished();
}

/* What cannot be understood, or does not come, leads to a recall; then the server's own values
 * are seen. */
static void recalled_instead(void)
{
    struct pending pending;
    struct nfs4_attrs now;

    ask(&pending, ALL_TIMES);
    holder_wait_recall(&holder, &file);
    now = finished();
    (void)pending_take(&pending);
    assert_int_equal(compare(now.time_modify, before.time_modify), 0);
}

static void answered_with_no_time(void **state)
{
    (void)state;
    holder.callbacks->attrs.time_deleg_modify.nseconds = 1000000000;
    recalled_instead();
}

static void refused(void **state)
{
    (void)state;
    holder.mount.conn.behaviour =
        (struct client_behaviour){.op_status = NFS4ERR_BADHANDLE, .times = 1};
    recalled_instead();
}

/* A reply that is lost is given again over another connection: no recall. */
static void reply_lost(void **state)
{
    const struct nfstime4 mtime = just_after(before.time_modify);
    struct client_conn *spare = holder_connect(&holder, CDFC4_FORE_OR_BOTH);
    struct pending pending;
    struct nfs4_attrs now;

    (void)state;
    (void)spare;
    holder.callbacks->attrs.time_deleg_modify = mtime;
    for (uint32_t i = 0; i < holder.more_count; i++)
        holder.more[i].behaviour =
            (struct client_behaviour){.act = CLIENT_ACT_CUT_AFTER, .times = 1};
    ask(&pending, ALL_TIMES);
    holder_pump_until(&holder, pending_is_answered(&pending));
    (void)pending_take(&pending);
    now = seen();
    assert_int_equal(compare(now.time_modify, mtime), 0);
    assert_int_equal(holder_recalls(&holder, &file), 0);
    (void)finished();
}

/* ---- a restart of the server, a conflict ---- */

/* While it is recalled the holder still reports, and the next one sees that. */
static void reported_late(void **state)
{
    const struct nfstime4 mtime = just_after(before.time_modify);
    struct client_file other;

    (void)state;
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    report(&holder, &file, BOTH_HELD, mtime, mtime, NFS4_OK);
    holder_return(&holder, &file);
    expect_status(conflict_open(&bob, &dir, "file", &other), NFS4_OK);
    assert_int_equal(compare(attrs_of(&bob, &file.fh, ALL_TIMES).time_modify, mtime), 0);
    expect_status(client_file_close(&bob, &other), NFS4_OK);
}

#define ON(test, export)                                                                           \
    {                                                                                              \
#test " on " #export, test, setup, teardown, script_##export                               \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON(kinds, mem),
        ON(kinds, local),
        ON(upgraded, mem),
        ON(reported, mem),
        ON(reported, local),
        ON(access_time_alone, mem),
        ON(access_time_alone, local),
        ON(written, mem),
        ON(written, local),
        ON(of_the_future, mem),
        ON(of_the_future, local),
        ON(of_the_ends_of_time, mem),
        ON(of_the_ends_of_time, local),
        ON(of_the_past, mem),
        ON(of_the_past, local),
        {"of_the_past_by_a_stranger on mem", of_the_past_by_a_stranger, setup_stranger, teardown,
         script_mem},
        ON(wrong_stateids, mem),
        ON(by_another_user, mem),
        ON(wrong_uses, mem),
        ON(wrong_uses, local),
        ON(with_others, mem),
        ON(with_others, local),
        ON(several_readers, mem),
        ON(nothing_new, mem),
        ON(nothing_new, local),
        ON(another_mtime, mem),
        ON(another_mtime, local),
        ON(another_atime, mem),
        ON(another_atime, local),
        ON(answered_with_the_future, mem),
        ON(answered_with_no_time, mem),
        ON(refused, mem),
        ON(reply_lost, mem),
        ON(reported_late, mem),
        ON(reported_late, local),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
