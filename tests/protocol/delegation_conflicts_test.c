/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What recalls a delegation, and what does not (RFC 8881 §10.4.4, RFC 7530 §10.4.4): one operation
 * after the other, by another client and by the holder itself. L-12.
 */
#include <errno.h>
#include <sys/xattr.h>

#include "holder.h"

/* A delegated file, and bob's operation on it. */
struct scene {
    struct client_fh dir;
    struct client_file file;
    struct client_mount *by;
    char name[32], other[32]; /* of the delegated file, and of one without a delegation */
};

struct deed {
    const char *what;
    enum open_delegation_type4 type; /* the delegation that conflicts */
    void (*add)(const struct scene *scene);
};

static void open_as(const struct scene *scene, uint32_t access, bool truncate)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access = access | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
                   .claim = {.claim = CLAIM_NULL, .file = client_text(scene->name)}}};
    static const uint8_t zero[8];

    if (truncate) {
        op.opopen.openhow.opentype = OPEN4_CREATE;
        op.opopen.openhow.how.mode = UNCHECKED4;
        op.opopen.openhow.how.createattrs =
            (struct fattr4){.attrmask = CLIENT_BITS(FATTR4_SIZE), .attr_vals = {zero, 8}};
    }
    begin(scene->by, &scene->dir);
    script_op_as(scene->by, "conflict", &op);
}

static void open_read(const struct scene *scene)
{
    open_as(scene, OPEN4_SHARE_ACCESS_READ, false);
}

static void open_write(const struct scene *scene)
{
    open_as(scene, OPEN4_SHARE_ACCESS_WRITE, false);
}

static void open_truncating(const struct scene *scene)
{
    open_as(scene, OPEN4_SHARE_ACCESS_READ, true);
}

static void open_denying(const struct scene *scene)
{
    struct nfs_argop4 op = {
        .argop = OP_OPEN,
        .opopen = {.share_access =
                       OPEN4_SHARE_ACCESS_READ | V40_OR(0, OPEN4_SHARE_ACCESS_WANT_NO_DELEG),
                   .share_deny = OPEN4_SHARE_DENY_READ,
                   .claim = {.claim = CLAIM_NULL, .file = client_text(scene->name)}}};

    begin(scene->by, &scene->dir);
    script_op_as(scene->by, "conflict", &op);
}

static void read_anonymous(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_op_read(C, &client_stateid_anonymous, 0, 1);
}

static void read_bypass(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_op_read(C, &client_stateid_bypass, 0, 1);
}

static void write_anonymous(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_op_write(C, &client_stateid_anonymous, 0, UNSTABLE4, "x", 1);
}

static void setattr_mode(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_MODE),
                      &(struct nfs4_attrs){.mode = 0640});
}

static void setattr_acl(const struct scene *scene)
{
    struct nfsace4 ace = {.type = ACE4_ACCESS_ALLOWED_ACE_TYPE,
                          .access_mask = ACE4_READ_DATA | ACE4_WRITE_DATA | ACE4_APPEND_DATA,
                          .who = client_text("EVERYONE@")};

    begin(scene->by, &scene->file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_ACL),
                      &(struct nfs4_attrs){.acl = &ace, .acl_count = 1});
}

/* Are there ACLs for the deed? */
static bool can_be_done(const char *export, const struct deed *deed)
{
    char bytes[64];
    bool done =
        deed->add != setattr_acl || export != script_local ||
        getxattr(script_server.data, "system.posix_acl_access", bytes, sizeof(bytes)) >= 0 ||
        errno != EOPNOTSUPP;

    if (!done)
        test_skip_part("the file system of the tests has no POSIX ACLs");
    return done;
}

static void setattr_size(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_op_setattr(C, &client_stateid_anonymous, CLIENT_BITS(FATTR4_SIZE),
                      &(struct nfs4_attrs){.size = 3});
}

static void remove_it(const struct scene *scene)
{
    begin(scene->by, &scene->dir);
    client_op_remove(C, scene->name);
}

static void rename_it(const struct scene *scene)
{
    begin_two(scene->by, &scene->dir, &scene->dir);
    client_op_rename(C, scene->name, "renamed");
}

static void rename_over_it(const struct scene *scene)
{
    begin_two(scene->by, &scene->dir, &scene->dir);
    client_op_rename(C, scene->other, scene->name);
}

static void link_it(const struct scene *scene)
{
    begin_two(scene->by, &scene->file.fh, &scene->dir);
    client_op_link(C, "linked");
}

static void lockt(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_compound_add(
        C,
        &(struct nfs_argop4){
            .argop = OP_LOCKT,
            .oplockt = {READ_LT, 0, 1, {client_mount_clientid(scene->by), client_text("tester")}}});
}

static void getattr(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE, FATTR4_CHANGE, FATTR4_SIZE, FATTR4_MODE));
}

static void getattr_of_other_things(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_TYPE, FATTR4_FILEID, FATTR4_MODE, FATTR4_OWNER));
}

static void readdir_it(const struct scene *scene)
{
    static const uint8_t verifier[NFS4_VERIFIER_SIZE];

    begin(scene->by, &scene->dir);
    client_op_readdir(C, 0, verifier, 4096, CLIENT_BITS(FATTR4_SIZE, FATTR4_CHANGE));
}

static void access_it(const struct scene *scene)
{
    begin(scene->by, &scene->file.fh);
    client_op_access(C, ACCESS4_READ | ACCESS4_MODIFY);
}

static void remove_other(const struct scene *scene)
{
    begin(scene->by, &scene->dir);
    client_op_remove(C, scene->other);
}

static void rename_other(const struct scene *scene)
{
    begin_two(scene->by, &scene->dir, &scene->dir);
    client_op_rename(C, scene->other, "renamed");
}

static void make_scene(struct scene *scene, const char *export, struct holder *holder,
                       struct client_mount *by, enum open_delegation_type4 type)
{
    static unsigned number;

    scene->by = by;
    scene->dir = script_dir(export);
    (void)snprintf(scene->name, sizeof(scene->name), "file %u", number);
    (void)snprintf(scene->other, sizeof(scene->other), "other %u", number++);
    make_file(&alice, &scene->dir, scene->other);
    scene->file = holder_delegated(holder, &scene->dir, scene->name, type);
}

/* State that must not change before the delegation is returned. In minor version 0 the server
 * sends CB_GETATTR even for a GETATTR of the holder, except for attributes that a holder does
 * not change. */
static struct nfs4_attrs seen(struct holder *holder, const struct scene *scene)
{
    return attrs_of(&holder->mount, &scene->file.fh,
                    V40_OR(CLIENT_BITS(FATTR4_MODE, FATTR4_NUMLINKS),
                           CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE, FATTR4_MODE, FATTR4_NUMLINKS)));
}

/* DELAY and no effect while the holder has the delegation; success afterwards. */
static void recalls(struct holder *holder, const char *export, const struct deed *deed)
{
    struct nfs4_attrs before, after;
    struct scene scene;

    make_scene(&scene, export, holder, &bob, deed->type);
    expect_status(client_file_close(&holder->mount, &scene.file), NFS4_OK);
    before = seen(holder, &scene);
    deed->add(&scene);
    run_on(&bob.conn, NFS4ERR_DELAY);
    holder_wait_recall(holder, &scene.file);
    after = seen(holder, &scene);
    assert_true(before.change == after.change && before.size == after.size);
    assert_true(before.mode == after.mode && before.numlinks == after.numlinks);
    look(&alice, &scene.dir, scene.name);
    look(&alice, &scene.dir, scene.other);
    holder_return(holder, &scene.file);
    deed->add(&scene);
    run_on(&bob.conn, NFS4_OK);
    assert_int_equal(holder_executed(holder, &scene.file), 1);
}

static void other_recalls(void **state)
{
    static const struct deed deeds[] = {
        {"OPEN for reading", OPEN_DELEGATE_WRITE, open_read},
        {"OPEN for writing", OPEN_DELEGATE_READ, open_write},
        {"OPEN that truncates", OPEN_DELEGATE_READ, open_truncating},
        {"OPEN that denies reading", OPEN_DELEGATE_READ, open_denying},
        {"READ by the anonymous stateid", OPEN_DELEGATE_WRITE, read_anonymous},
        {"READ by the bypass stateid", OPEN_DELEGATE_WRITE, read_bypass},
        {"WRITE by the anonymous stateid", OPEN_DELEGATE_READ, write_anonymous},
        {"SETATTR of the mode", OPEN_DELEGATE_READ, setattr_mode},
        {"SETATTR of the mode", OPEN_DELEGATE_WRITE, setattr_mode},
        {"SETATTR of the ACL", OPEN_DELEGATE_READ, setattr_acl},
        {"SETATTR of the ACL", OPEN_DELEGATE_WRITE, setattr_acl},
        {"SETATTR of the size", OPEN_DELEGATE_READ, setattr_size},
        {"REMOVE", OPEN_DELEGATE_READ, remove_it},
        {"REMOVE", OPEN_DELEGATE_WRITE, remove_it},
        {"RENAME of it", OPEN_DELEGATE_READ, rename_it},
        {"RENAME over it", OPEN_DELEGATE_READ, rename_over_it},
        {"LINK", OPEN_DELEGATE_READ, link_it},
        {"LOCKT", OPEN_DELEGATE_WRITE, lockt},
    };
    struct holder holder;

    holder_open(&holder, script_minor);
    for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
        print_message("%s\n", deeds[i].what);
        if (can_be_done(*state, &deeds[i]))
            recalls(&holder, *state, &deeds[i]);
    }
    holder_close(&holder);
}

static void harmless(void **state)
{
    static const struct deed deeds[] = {
        {"OPEN for reading", OPEN_DELEGATE_READ, open_read},
        {"READ by the anonymous stateid", OPEN_DELEGATE_READ, read_anonymous},
        {"READ by the bypass stateid", OPEN_DELEGATE_READ, read_bypass},
        {"LOCKT", OPEN_DELEGATE_READ, lockt},
        {"GETATTR", OPEN_DELEGATE_READ, getattr},
        {"GETATTR of what a holder does not change", OPEN_DELEGATE_WRITE, getattr_of_other_things},
        {"READDIR", OPEN_DELEGATE_WRITE, readdir_it},
        {"ACCESS", OPEN_DELEGATE_WRITE, access_it},
        {"REMOVE of another file", OPEN_DELEGATE_WRITE, remove_other},
        {"RENAME of another file", OPEN_DELEGATE_WRITE, rename_other},
    };
    struct holder holder;
    struct scene scene;

    holder_open(&holder, script_minor);
    for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
        print_message("%s\n", deeds[i].what);
        make_scene(&scene, *state, &holder, &bob, deeds[i].type);
        deeds[i].add(&scene);
        run_on(&bob.conn, NFS4_OK);
        holder_finish(&holder, &scene.file);
    }
    (void)holder_pump(&holder, 0);
    assert_int_equal(holder.callbacks->count, 0);
    holder_close(&holder);
}

/* In minor version 0 an operation without a stateid is attributed to the client that alone has used
 * the connection. */
static void own_never_recalls(void **state)
{
    static const struct {
        struct deed deed;
        bool mem_only; /* on local the kernel's read lease ends with our open for writing */
    } deeds[] = {
        {{"OPEN for reading", OPEN_DELEGATE_WRITE, open_read}, false},
        {{"OPEN for writing", OPEN_DELEGATE_READ, open_write}, true},
        {{"OPEN that truncates", OPEN_DELEGATE_READ, open_truncating}, true},
        {{"READ by the anonymous stateid", OPEN_DELEGATE_WRITE, read_anonymous}, false},
        {{"WRITE by the anonymous stateid", OPEN_DELEGATE_READ, write_anonymous}, true},
        {{"SETATTR of the mode", OPEN_DELEGATE_READ, setattr_mode}, false},
        {{"SETATTR of the ACL", OPEN_DELEGATE_READ, setattr_acl}, false},
        {{"SETATTR of the size", OPEN_DELEGATE_WRITE, setattr_size}, false},
        {{"LOCKT", OPEN_DELEGATE_WRITE, lockt}, false},
        {{"GETATTR", OPEN_DELEGATE_WRITE, getattr}, false},
        {{"LINK", OPEN_DELEGATE_READ, link_it}, false},
        {{"RENAME", OPEN_DELEGATE_WRITE, rename_it}, false},
        {{"RENAME over it", OPEN_DELEGATE_READ, rename_over_it}, false},
        {{"REMOVE", OPEN_DELEGATE_WRITE, remove_it}, false},
    };
    struct holder holder;
    struct scene scene;

    holder_open(&holder, script_minor);
    for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
        if (deeds[i].mem_only && *state == script_local)
            continue;
        print_message("%s\n", deeds[i].deed.what);
        if (!can_be_done(*state, &deeds[i].deed))
            continue;
        make_scene(&scene, *state, &holder, &holder.mount, deeds[i].deed.type);
        deeds[i].deed.add(&scene);
        run_on(&holder.mount.conn, NFS4_OK);
        (void)holder_pump(&holder, 0);
        assert_int_equal(holder.callbacks->count, 0);
        holder_return(&holder, &scene.file);
    }
    holder_close(&holder);
}

/* Two objects, two holders, one recall each. */
static void rename_recalls_both(void **state)
{
    struct holder first, second;
    struct client_file from, to;
    struct client_fh dir = script_dir(*state);

    holder_open(&first, script_minor);
    holder_open(&second, script_minor);
    from = holder_delegated(&first, &dir, "from", OPEN_DELEGATE_READ);
    to = holder_delegated(&second, &dir, "to", OPEN_DELEGATE_WRITE);
    begin_two(&bob, &dir, &dir);
    client_op_rename(C, "from", "to");
    run_on(&bob.conn, NFS4ERR_DELAY);
    holder_wait_recall(&first, &from);
    holder_wait_recall(&second, &to);
    holder_return(&first, &from);
    begin_two(&bob, &dir, &dir);
    client_op_rename(C, "from", "to");
    run_on(&bob.conn, NFS4ERR_DELAY);
    look(&alice, &dir, "from");
    holder_return(&second, &to);
    begin_two(&bob, &dir, &dir);
    client_op_rename(C, "from", "to");
    run_on(&bob.conn, NFS4_OK);
    holder_close(&first);
    holder_close(&second);
}

/* All holders of a READ delegation get a recall. */
static void all_readers_are_recalled(void **state)
{
    struct holder holders[3];
    struct client_file files[3], other;
    struct client_fh dir = script_dir(*state);

    for (size_t i = 0; i < ARRAY_SIZE(holders); i++) {
        holder_open(&holders[i], script_minor);
        files[i] = holder_delegated(&holders[i], &dir, "shared", OPEN_DELEGATE_READ);
    }
    expect_status(conflict_open(&bob, &dir, "shared", &other), NFS4ERR_DELAY);
    for (size_t i = 0; i < ARRAY_SIZE(holders); i++)
        holder_wait_recall(&holders[i], &files[i]);
    for (size_t i = 0; i < ARRAY_SIZE(holders); i++) {
        expect_status(conflict_open(&bob, &dir, "shared", &other), NFS4ERR_DELAY);
        holder_return(&holders[i], &files[i]);
    }
    conflict_over(&dir, "shared");
    for (size_t i = 0; i < ARRAY_SIZE(holders); i++)
        holder_close(&holders[i]);
}

/* A share reservation that denies the OPEN anyway needs no recall. */
static void denied_without_recall(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_file file, other;
    struct client_open how = {.owner = "denies",
                              .access = OPEN4_SHARE_ACCESS_READ |
                                        V40_OR(0, OPEN4_SHARE_ACCESS_WANT_READ_DELEG),
                              .deny = OPEN4_SHARE_DENY_WRITE,
                              .name = "denied"};
    struct holder holder;

    make_file(&alice, &dir, "denied");
    holder_open(&holder, script_minor);
    expect_status(client_file_open(&holder.mount, &dir, &how, &file), NFS4_OK);
    expect_status(conflict_open(&bob, &dir, "denied", &other), NFS4ERR_SHARE_DENIED);
    (void)holder_pump(&holder, 0);
    assert_int_equal(holder.callbacks->count, 0);
    holder_close(&holder);
}

/* A new named attribute is a change of its object. */
static void named_attributes(void **state)
{
    struct client_fh dir = script_dir(*state), attributes;
    struct client_file file, again;
    struct holder holder;

    holder_open(&holder, script_minor);
    file = holder_delegated(&holder, &dir, "with attributes", OPEN_DELEGATE_READ);
    begin(&bob, &file.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {true}});
    run_on(&bob.conn, NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    begin(&bob, &file.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {true}});
    client_op_getfh(C);
    run_on(&bob.conn, NFS4_OK);
    attributes = result_fh();
    make_file(&bob, &attributes, "one");

    again = holder_delegated(&holder, &dir, "with others", OPEN_DELEGATE_READ);
    begin(&holder.mount, &again.fh);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_OPENATTR, .opopenattr = {true}});
    client_op_getfh(C);
    run_on(&holder.mount.conn, NFS4_OK);
    attributes = result_fh();
    make_file(&holder.mount, &attributes, "own");
    begin(&bob, &attributes);
    client_op_remove(C, "own");
    run_on(&bob.conn, NFS4ERR_DELAY);
    holder_wait_recall(&holder, &again);
    holder_finish(&holder, &again);
    holder_close(&holder);
}

/* Minor version 0: over a connection that no client or several clients have used, an operation
 * without a stateid may come from any client; but not the GETATTR that Linux sends before
 * DELEGRETURN. */
static void nameless_over_other_connections(void **state)
{
    struct client_fh dir = script_dir(*state);
    struct client_conn fresh;
    struct client_file file;
    struct holder holder;

    if (script_minor != 0)
        return;
    holder_open(&holder, 0);
    file = holder_delegated(&holder, &dir, "held", OPEN_DELEGATE_WRITE);
    script_connect(&fresh);
    begin(&holder.mount, &file.fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE, FATTR4_SIZE));
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_DELEGRETURN,
                                                .opdelegreturn = {*client_file_delegation(&file)}});
    run_on(&fresh, NFS4_OK);
    (void)holder_pump(&holder, 0);
    assert_int_equal(holder.callbacks->count, 0);
    expect_status(client_file_close(&holder.mount, &file), NFS4_OK);
    client_conn_close(&fresh);

    file = holder_delegated(&holder, &dir, "another", OPEN_DELEGATE_WRITE);
    script_connect(&fresh);
    begin(&holder.mount, &dir);
    client_op_remove(C, "another");
    run_on(&fresh, NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    client_conn_close(&fresh);

    file = holder_delegated(&holder, &dir, "a third", OPEN_DELEGATE_WRITE);
    begin(&bob, &dir); /* bob uses the holder's connection, too */
    script_op_open(&bob, &(struct client_open){.owner = "bob",
                                               .access = OPEN4_SHARE_ACCESS_READ,
                                               .name = "no such file"});
    run_on(&holder.mount.conn, NFS4ERR_NOENT);
    begin(&holder.mount, &dir);
    client_op_remove(C, "a third");
    run_on(&holder.mount.conn, NFS4ERR_DELAY);
    holder_wait_recall(&holder, &file);
    holder_finish(&holder, &file);
    holder_close(&holder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(other_recalls),
        ON_BOTH(harmless),
        ON_BOTH(own_never_recalls),
        ON_BOTH(rename_recalls_both),
        ON_BOTH(all_readers_are_recalled),
        {"denied_without_recall on mem", denied_without_recall, NULL, NULL, script_mem},
        {"named_attributes on mem", named_attributes, NULL, NULL, script_mem},
        ON_BOTH(nameless_over_other_connections),
    };

    return test_group_run_fixtures(tests, script_setup_default, script_teardown);
}
