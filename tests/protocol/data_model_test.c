/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four clients of 4.2 change the same three files at once: WRITE, ALLOCATE, DEALLOCATE, CLONE, COPY
 * and SETATTR of the size.  At every quiet point READ and READ_PLUS return the bytes of a model,
 * and while they work, each client finds in its own places what it has put there.
 *
 * MAINSTAY_SEED repeats a run's steps, MAINSTAY_OPERATIONS sets their number, and MAINSTAY_WITHOUT
 * names operations not to use ("clone,seek"): any other one that the server refuses is a failure.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "data_model/data_op.h"
#include "data_model/worker.h"
#include "lib/image.h"
#include "script.h"

#ifdef __SANITIZE_THREAD__
enum {
    SLOWNESS = 4
};
#else
enum {
    SLOWNESS = 1
};
#endif

enum {
    PHASES = 10, /* each ends at a quiet point */
    OPERATIONS = 8000,
    READ_BYTES = 256 << 10,
    READS_MAX = 10000, /* a server may return a byte at a time, but not nothing */
};

static char btrfs[] = "/btrfs", xfs[] = "/xfs";
static const char *btrfs_dir, *xfs_dir;
static struct worker workers[MODEL_WORKERS];
static struct client_mount carol; /* of 4.2, who looks at the quiet points */
static _Atomic bool failed;
static uint64_t seed;
static uint32_t operations;

static uint64_t number_from(const char *variable, uint64_t usual)
{
    const char *text = getenv(variable);

    return text ? strtoull(text, NULL, 0) : usual;
}

/* ---- what is to be used ---- */

/* If the file system can share blocks between files, as seen by a local program. */
static bool disk_clones(void)
{
    char from[128], to[128];
    int source, target;
    bool done;

    (void)snprintf(from, sizeof(from), "%s/from", script_server.data);
    (void)snprintf(to, sizeof(to), "%s/to", script_server.data);
    source = open(from, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    target = open(to, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(source >= 0 && target >= 0);
    assert_int_equal(ftruncate(source, MODEL_BLOCK_BYTES), 0);
    done = ioctl(target, FICLONE, source) == 0;
    (void)close(source);
    (void)close(target);
    assert_int_equal(unlink(from), 0);
    assert_int_equal(unlink(to), 0);
    return done;
}

static unsigned unused_deeds(const char *export)
{
    const char *text = getenv("MAINSTAY_WITHOUT");
    char *copy = must_strdup(text ? text : ""), *rest = NULL;
    unsigned without = 0;

    for (char *name = strtok_r(copy, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        assert_int_not_equal(worker_deed_bit(name), 0);
        without |= worker_deed_bit(name);
    }
    free(copy);
    if (export == script_local && !disk_clones()) {
        print_message("  the disk cannot clone\n");
        without |= 1u << WORKER_CLONE;
    }
    return without;
}

/* ---- the files ---- */

static void make_files(const struct client_fh *dir)
{
    for (uint32_t i = 0; i < MODEL_FILES; i++) {
        struct client_file file;

        memset(&model_files[i], 0, sizeof(model_files[i]));
        (void)snprintf(model_files[i].name, sizeof(model_files[i].name), "file %u", i);
        file = make_open(&carol, dir, model_files[i].name);
        expect_status(client_file_setattr(&carol, &file.fh, CLIENT_BITS(FATTR4_SIZE),
                                          &(struct nfs4_attrs){.size = MODEL_SHARED_BYTES}),
                      NFS4_OK);
        model_resize(i, MODEL_SHARED_BYTES);
        expect_status(client_file_close(&carol, &file), NFS4_OK);
    }
}

static void open_files(struct client_mount *mount, const struct client_fh *dir,
                       struct client_file files[MODEL_FILES])
{
    for (uint32_t i = 0; i < MODEL_FILES; i++)
        expect_status(client_file_open_rw(mount, dir, model_files[i].name, &files[i]), NFS4_OK);
}

static void close_files(struct client_mount *mount, struct client_file files[MODEL_FILES])
{
    for (uint32_t i = 0; i < MODEL_FILES; i++)
        expect_status(client_file_close(mount, &files[i]), NFS4_OK);
}

/* ---- quiet points ---- */

typedef enum nfsstat4 reader(struct client_mount *mount, const struct client_file *file,
                             uint64_t offset, void *data, uint32_t len, uint32_t *got, bool *eof);

static enum nfsstat4 by_read_plus(struct client_mount *mount, const struct client_file *file,
                                  uint64_t offset, void *data, uint32_t len, uint32_t *got,
                                  bool *eof)
{
    uint32_t hole_bytes;

    return data_op_read_plus(mount, file, offset, data, len, got, &hole_bytes, eof);
}

static void compare_by(reader *read_it, const struct client_file *file, uint32_t index)
{
    static uint8_t data[READ_BYTES];
    uint64_t offset = 0;
    uint32_t got, same;
    bool eof = false;

    for (uint32_t reads = 0; !eof; reads++) {
        assert_true(reads < READS_MAX);
        expect_status(read_it(&carol, file, offset, data, READ_BYTES, &got, &eof), NFS4_OK);
        assert_true(got > 0 || eof);
        assert_true(offset + got <= model_files[index].size);
        same = model_compare(MODEL_WORKERS, index, offset, data, got);
        if (same < got)
            fail_msg("%s differs at %llu", model_files[index].name,
                     (unsigned long long)(offset + same));
        offset += got;
    }
    assert_int_equal(offset, model_files[index].size);
}

static void compare(struct client_file files[MODEL_FILES], unsigned without)
{
    for (uint32_t i = 0; i < MODEL_FILES; i++) {
        const struct nfs4_attrs attrs = attrs_of(&carol, &files[i].fh, CLIENT_BITS(FATTR4_SIZE));

        assert_int_equal(attrs.size, model_files[i].size);
        compare_by(client_file_read, &files[i], i);
        if (!(without & 1u << WORKER_READ_PLUS))
            compare_by(by_read_plus, &files[i], i);
    }
}

/* Shorter than while the workers are at it, and long enough again. */
static void shorten(const struct client_file *file, uint32_t index, struct random *random)
{
    const uint64_t sizes[] = {random_below(random, MODEL_SHARED_BYTES),
                              MODEL_SHARED_BYTES + random_below(random, MODEL_TAIL_BYTES)};

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        expect_status(client_file_setattr(&carol, &file->fh, CLIENT_BITS(FATTR4_SIZE),
                                          &(struct nfs4_attrs){.size = sizes[i]}),
                      NFS4_OK);
        model_resize(index, sizes[i]);
    }
}

/* ---- the test ---- */

static void phase(void)
{
    for (uint32_t i = 0; i < MODEL_WORKERS; i++)
        worker_start(&workers[i], operations / PHASES / MODEL_WORKERS);
    for (uint32_t i = 0; i < MODEL_WORKERS; i++)
        worker_join(&workers[i]);
    assert_false(failed);
}

static void begin_workers(const struct client_fh *dir, unsigned without)
{
    for (uint32_t i = 0; i < MODEL_WORKERS; i++) {
        struct worker *w = &workers[i];

        memset(w, 0, sizeof(*w));
        w->number = i;
        w->random = random_from(seed, i);
        w->without = without;
        w->failed = &failed;
        script_mount_v42(&w->mount);
        open_files(&w->mount, dir, w->files);
    }
}

/* Each deed succeeded, unless it was left out; and there were holes. */
static void end_workers(unsigned without)
{
    uint64_t hole_bytes = 0, done[WORKER_DEEDS] = {0};

    for (uint32_t i = 0; i < MODEL_WORKERS; i++) {
        for (unsigned j = 0; j < WORKER_DEEDS; j++)
            done[j] += workers[i].done[j];
        hole_bytes += workers[i].hole_bytes;
        close_files(&workers[i].mount, workers[i].files);
        client_mount_close(&workers[i].mount);
    }
    print_message("  holes of %llu bytes", (unsigned long long)hole_bytes);
    for (unsigned j = 0; j < WORKER_DEEDS; j++)
        print_message(", %s %llu", worker_deed_name(j), (unsigned long long)done[j]);
    print_message("\n");
    for (unsigned j = 0; j < WORKER_DEEDS; j++)
        assert_true(done[j] > 0 || without & 1u << j);
    assert_true(hole_bytes > 0 || without & 1u << WORKER_READ_PLUS);
}

static int start(void **state)
{
    static char local[160], images[2][160];
    const char *const places[] = {btrfs_dir = image_mount("btrfs"), xfs_dir = image_mount("xfs")};
    const char *options[9] = {"--export", "/mem=mem:,no_root_squash", "--export", local};
    size_t count = 4;

    (void)state;
    if (!test_server_init(&script_server))
        return -1;
    (void)snprintf(local, sizeof(local), "/local=local:%s,no_root_squash", script_server.data);
    for (int i = 0; i < 2; i++) {
        if (!places[i])
            continue;
        (void)snprintf(images[i], sizeof(images[i]), "%s=local:%s,no_root_squash",
                       i == 0 ? btrfs : xfs, places[i]);
        options[count++] = "--export";
        options[count++] = images[i];
    }
    return script_setup(options) == 0 && script_open_to_all(script_mem) ? 0 : -1;
}

static void test_model(void **state)
{
    struct random random = random_from(seed, MODEL_WORKERS);
    struct client_file files[MODEL_FILES];
    struct client_fh dir;
    unsigned without;

    if (*state == btrfs && !btrfs_dir)
        test_skip(IMAGE_NEEDED("btrfs"));
    if (*state == xfs && !xfs_dir)
        test_skip(IMAGE_NEEDED("xfs"));
    dir = script_dir(*state);
    without = unused_deeds(*state);
    print_message("  MAINSTAY_SEED=%llu\n", (unsigned long long)seed);
    failed = false;
    script_mount_v42(&carol);
    make_files(&dir);
    begin_workers(&dir, without);
    open_files(&carol, &dir, files);
    for (uint32_t i = 0; i < PHASES; i++) {
        phase();
        compare(files, without);
        shorten(&files[i % MODEL_FILES], i % MODEL_FILES, &random);
        compare(files, without);
    }
    end_workers(without);
    close_files(&carol, files);
    client_mount_close(&carol);
}

int main(void)
{
    const struct CMUnitTest tests[] = {ON_BOTH(test_model),
                                       {"test_model on btrfs", test_model, NULL, NULL, btrfs},
                                       {"test_model on XFS", test_model, NULL, NULL, xfs}};

    seed = number_from("MAINSTAY_SEED", (uint64_t)time(NULL));
    operations = (uint32_t)number_from("MAINSTAY_OPERATIONS", OPERATIONS / SLOWNESS);
    return test_group_run_fixtures(tests, start, script_teardown);
}
