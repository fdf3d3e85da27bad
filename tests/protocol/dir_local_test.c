/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delegations of directories of a `local` export, and other programs of the machine, of which this
 * test is one: they are recalled within a second of a change, usually within a few milliseconds.
 * Where the kernel does not report changes, none are given.  W12, SR-16.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holder.h"
#include "log_lines.h"

enum {
    BOUND_MS = 1000 /* as documented */
};

static struct GET_DIR_DELEGATION4res_non_fatal answer;

static enum gddrnf4_status ask(struct client_mount *by, const struct client_fh *dir)
{
    begin(by, dir);
    client_compound_add(C, &(struct nfs_argop4){.argop = OP_GET_DIR_DELEGATION});
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE));
    run(NFS4_OK);
    answer = result(OP_GET_DIR_DELEGATION)->opget_dir_delegation;
    return answer.gddrnf_status;
}

static void give_back(struct client_mount *by, const struct client_fh *dir)
{
    begin(by, dir);
    client_compound_add(C,
                        &(struct nfs_argop4){.argop = OP_DELEGRETURN,
                                             .opdelegreturn = {answer.gddrnf_resok4.gddr_stateid}});
    run(NFS4_OK);
}

/* A new directory, never of the same name twice, with a file and a directory in it. */
struct place {
    struct client_fh fh;
    char path[256]; /* on this machine */
};

static void place_make(struct place *place, const char *export)
{
    static unsigned count;
    struct client_fh parent = script_dir(export);
    char name[32], pattern[160];
    glob_t found;

    (void)snprintf(name, sizeof(name), "place%u", count++);
    begin(&alice, &parent);
    client_op_create(C, name, NF4DIR, NULL, 0777);
    client_op_getfh(C);
    run(NFS4_OK);
    place->fh = result_fh();
    (void)make_file(&alice, &place->fh, "file");
    begin(&alice, &place->fh);
    client_op_create(C, "sub", NF4DIR, NULL, 0777);
    run(NFS4_OK);
    (void)snprintf(pattern, sizeof(pattern), "%s/*/%s", script_server.data, name);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    (void)snprintf(place->path, sizeof(place->path), "%s", found.gl_pathv[0]);
    globfree(&found);
}

/* ---- what this program does in the directory that it is in ---- */

static int make_a_file(void)
{
    int fd = open("new", O_CREAT | O_EXCL | O_WRONLY, 0644);

    return fd < 0 ? -1 : close(fd);
}

static int make_a_dir(void)
{
    return mkdir("new", 0755);
}

static int link_a_file(void)
{
    return link("file", "new");
}

static int remove_a_file(void)
{
    return unlink("file");
}

static int remove_a_dir(void)
{
    return rmdir("sub");
}

static int rename_within(void)
{
    return rename("file", "new");
}

static int rename_out(void)
{
    return rename("file", "sub/file");
}

static int change_mode(void)
{
    return chmod(".", 0755);
}

static int change_times(void)
{
    return utimensat(AT_FDCWD, ".", NULL, 0);
}

static int (*const changes[])(void) = {make_a_file,   make_a_dir,   link_a_file,
                                       remove_a_file, remove_a_dir, rename_within,
                                       rename_out,    change_mode,  change_times};

static void do_in(const struct place *place, int (*change)(void))
{
    assert_int_equal(chdir(place->path), 0);
    assert_int_equal(change(), 0);
    assert_int_equal(chdir("/"), 0);
}

static uint32_t recalls_of(struct holder *holder)
{
    while (holder_pump(holder, 0))
        ;
    return holder->callbacks->count;
}

/* Each change recalls.  A busy machine may delay one of them, but not all. */
static void a_strangers_change_recalls(void **unused)
{
    int64_t fastest_ms = WAIT_PATIENCE_MS, slowest_ms = 0;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        struct holder holder;
        struct place place;
        int64_t start_ms, took_ms;

        place_make(&place, script_local);
        holder_open(&holder, script_minor);
        assert_int_equal(ask(&holder.mount, &place.fh), GDD4_OK);
        start_ms = wait_now_ms();
        do_in(&place, changes[i]);
        (void)holder_wait(&holder, OP_CB_RECALL, 0);
        took_ms = wait_now_ms() - start_ms;
        fastest_ms = took_ms < fastest_ms ? took_ms : fastest_ms;
        slowest_ms = took_ms > slowest_ms ? took_ms : slowest_ms;
        give_back(&holder.mount, &place.fh);
        holder_close(&holder);
    }
    print_message("recalled after %lld to %lld ms\n", (long long)fastest_ms, (long long)slowest_ms);
    assert_true(fastest_ms < BOUND_MS);
}

/* The kernel reports what the server does for a client, too: that is not a stranger's. */
static void what_clients_change_is_no_strangers(void **unused)
{
    struct holder holder;
    struct place place, other;
    struct GET_DIR_DELEGATION4res_non_fatal first;

    (void)unused;
    place_make(&place, script_local);
    place_make(&other, script_local);
    holder_open(&holder, script_minor);
    assert_int_equal(ask(&holder.mount, &place.fh), GDD4_OK);
    first = answer;
    assert_int_equal(ask(&holder.mount, &other.fh), GDD4_OK);
    for (unsigned i = 0; i < 20; i++) {
        begin(&holder.mount, &place.fh);
        client_op_create(C, "made", NF4DIR, NULL, 0755);
        run(NFS4_OK);
        begin(&holder.mount, &place.fh);
        client_op_remove(C, "made");
        run(NFS4_OK);
    }
    /* The kernel reports this one last. */
    do_in(&other, make_a_file);
    (void)holder_wait(&holder, OP_CB_RECALL, 0);
    assert_int_equal(recalls_of(&holder), 1);
    give_back(&holder.mount, &other.fh);

    /* Another client's change: one recall, and it waits. */
    begin(&bob, &place.fh);
    client_op_create(C, "bobs", NF4DIR, NULL, 0755);
    run(NFS4ERR_DELAY);
    (void)holder_wait(&holder, OP_CB_RECALL, 1);
    answer = first;
    give_back(&holder.mount, &place.fh);
    begin(&bob, &place.fh);
    client_op_create(C, "bobs", NF4DIR, NULL, 0755);
    run(NFS4_OK);
    assert_int_equal(recalls_of(&holder), 2);
    holder_close(&holder);
}

/* The same directory by the other export. */
static struct client_fh seen_again(const struct place *place)
{
    char path[sizeof(place->path)], *parent, *name;

    (void)snprintf(path, sizeof(path), "%s", place->path);
    name = strrchr(path, '/');
    *name++ = '\0';
    parent = strrchr(path, '/') + 1;
    begin(&alice, NULL);
    client_op_putrootfh(C);
    client_op_lookup(C, "again");
    client_op_lookup(C, parent);
    client_op_lookup(C, name);
    client_op_getfh(C);
    run(NFS4_OK);
    return result_fh();
}

static void all_holders_are_recalled(void **unused)
{
    struct holder holders[2];
    struct client_fh fhs[2];
    struct place place;

    (void)unused;
    place_make(&place, script_local);
    fhs[0] = place.fh;
    fhs[1] = seen_again(&place);
    for (size_t i = 0; i < ARRAY_SIZE(holders); i++) {
        holder_open(&holders[i], script_minor);
        assert_int_equal(ask(&holders[i].mount, &fhs[i]), GDD4_OK);
    }
    do_in(&place, make_a_file);
    for (size_t i = 0; i < ARRAY_SIZE(holders); i++) {
        const struct client_callback_op *op = client_callback_lookup(
            client_callback_at(holders[i].callbacks, holder_wait(&holders[i], OP_CB_RECALL, 0)),
            OP_CB_RECALL);

        answer.gddrnf_resok4.gddr_stateid = op->stateid;
        give_back(&holders[i].mount, &fhs[i]);
        assert_int_equal(recalls_of(&holders[i]), 1);
        holder_close(&holders[i]);
    }
}

/* An empty directory that goes: the server looks for that once a second. */
static void its_removal_recalls(void **unused)
{
    struct client_fh sub;
    struct holder holder;
    struct place place;

    (void)unused;
    place_make(&place, script_local);
    sub = look(&alice, &place.fh, "sub");
    holder_open(&holder, script_minor);
    assert_int_equal(ask(&holder.mount, &sub), GDD4_OK);
    do_in(&place, remove_a_dir);
    (void)holder_wait(&holder, OP_CB_RECALL, 0);
    holder_drop(&holder);
}

static enum nfsstat4 try_get(struct client_mount *by, const struct client_fh *fh)
{
    begin(by, fh);
    client_op_getattr(C, CLIENT_BITS(FATTR4_CHANGE));
    client_result_free(R);
    assert_int_equal(client_compound_call(&by->conn, C, R), CLIENT_OK);
    return R->status;
}

static uint32_t test_stateid(struct client_mount *by, struct stateid4 *stateid)
{
    begin(by, NULL);
    client_compound_add(C, &(struct nfs_argop4){
                               .argop = OP_TEST_STATEID,
                               .optest_stateid = {.ts_stateids = stateid, .ts_stateids_count = 1}});
    run(NFS4_OK);
    return result(OP_TEST_STATEID)->optest_stateid.tsr_status_codes[0];
}

/* Its handle is stale before the holder has returned the delegation, which it therefore can't; so
 * it is told of no loss either. */
static void no_return_of_what_is_stale(void **unused)
{
    struct client_fh sub;
    struct stateid4 stateid;
    struct holder holder;
    struct place place;

    (void)unused;
    place_make(&place, script_local);
    sub = look(&alice, &place.fh, "sub");
    holder_open(&holder, script_minor);
    assert_int_equal(ask(&holder.mount, &sub), GDD4_OK);
    stateid = answer.gddrnf_resok4.gddr_stateid;
    do_in(&place, remove_a_dir);
    (void)holder_wait(&holder, OP_CB_RECALL, 0);
    wait_until_every(10, try_get(&alice, &sub) == NFS4ERR_STALE);
    expect_status(try_get(&holder.mount, &sub), NFS4ERR_STALE);
    wait_until_every(50, test_stateid(&holder.mount, &stateid) != NFS4_OK);
    expect_status(test_stateid(&holder.mount, &stateid), NFS4ERR_BAD_STATEID);
    assert_int_equal(holder_speak(&holder, &holder.mount.conn), 0);
    holder_close(&holder);
}

static void no_complaint(void **unused)
{
    (void)unused;
    assert_int_equal(log_find("local.dir_watch", NULL).count, 0);
}

/* ---- a server that the kernel tells nothing ---- */

static void none_are_given(void **unused)
{
    struct log_line line = log_find("local.dir_watch", NULL);
    struct holder holder;
    struct place place;

    (void)unused;
    assert_int_equal(line.count, 2); /* one for each export */
    assert_string_equal(log_value(&line, "why"), strerror(EPERM));
    place_make(&place, script_local);
    holder_open(&holder, script_minor);
    assert_int_equal(ask(&holder.mount, &place.fh), GDD4_UNAVAIL);
    holder_close(&holder);
}

/* Unless the administrator says that nobody else changes them. */
static void given_if_nobody_else_is_there(void **unused)
{
    struct holder holder;
    struct place place;

    (void)unused;
    place_make(&place, script_local);
    holder_open(&holder, script_minor);
    assert_int_equal(ask(&holder.mount, &place.fh), GDD4_OK);
    do_in(&place, make_a_file);
    assert_int_equal(recalls_of(&holder), 0);
    give_back(&holder.mount, &place.fh);
    holder_close(&holder);
}

static char exports[2][160];
static const char *const leased[] = {"--export", exports[0], "--export",
                                     exports[1], "--set",    "nfs.directory_delegations=recall",
                                     NULL};
static const char *const brief[] = {"--export", exports[0], "--export",
                                    exports[1], "--set",    "nfs.directory_delegations=recall",
                                    "--lease",  "2",        NULL};
static const char *const all[] = {"--export", exports[0],
                                  "--export", exports[1],
                                  "--set",    "nfs.directory_delegations=recall",
                                  "--set",    "nfs.local_delegations=all",
                                  NULL};

static int set_up(const char *const *options)
{
    memset(&script_server, 0, sizeof(script_server));
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(exports[0], sizeof(exports[0]), "/local=local:%s,no_root_squash",
                   script_server.data);
    (void)snprintf(exports[1], sizeof(exports[1]), "/again=local:%s,no_root_squash",
                   script_server.data);
    return script_setup(options);
}

static int set_up_leased(void **unused)
{
    (void)unused;
    return set_up(leased);
}

static int set_up_brief(void **unused)
{
    (void)unused;
    return set_up(brief);
}

static int set_up_all(void **unused)
{
    (void)unused;
    return set_up(all);
}

/* From here on this process, and the servers that it starts, may not use fanotify. */
static bool refuse_fanotify(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fanotify_init, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {ARRAY_SIZE(code), code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int main(void)
{
    const struct CMUnitTest told[] = {
        cmocka_unit_test(a_strangers_change_recalls),
        cmocka_unit_test(what_clients_change_is_no_strangers),
        cmocka_unit_test(all_holders_are_recalled),
        cmocka_unit_test(its_removal_recalls),
        cmocka_unit_test(no_complaint),
    };
    const struct CMUnitTest overdue[] = {cmocka_unit_test(no_return_of_what_is_stale)};
    const struct CMUnitTest refused[] = {cmocka_unit_test(none_are_given)};
    const struct CMUnitTest alone[] = {cmocka_unit_test(given_if_nobody_else_is_there)};
    int failed = test_group_run_named(told, ARRAY_SIZE(told), set_up_leased, script_teardown);

    failed += test_group_run_named(overdue, ARRAY_SIZE(overdue), set_up_brief, script_teardown);
    if (!refuse_fanotify()) {
        test_skip_part("no seccomp filters here");
        return test_exit_status(failed);
    }
    failed += test_group_run_named(refused, ARRAY_SIZE(refused), set_up_leased, script_teardown);
    failed += test_group_run_named(alone, ARRAY_SIZE(alone), set_up_all, script_teardown);
    return test_exit_status(failed);
}
