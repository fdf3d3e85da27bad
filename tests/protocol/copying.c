/* SPDX-License-Identifier: Apache-2.0 */
#include "copying.h"

#include <stdlib.h>
#include <string.h>

struct copying copying_all(const struct client_file *from, const struct client_file *to)
{
    return (struct copying){
        .from = from->fh, .to = to->fh, .from_stateid = from->stateid, .to_stateid = to->stateid};
}

void copying_op(const struct copying *copying)
{
    struct nfs_argop4 op = {
        .argop = OP_COPY,
        .opcopy = {.ca_src_stateid = copying->from_stateid,
                   .ca_dst_stateid = copying->to_stateid,
                   .ca_src_offset = copying->from_offset,
                   .ca_dst_offset = copying->to_offset,
                   .ca_count = copying->count,
                   .ca_consecutive = copying->consecutive,
                   .ca_synchronous = !copying->asynchronous},
    };

    client_compound_add(C, &op);
}

void copying_begin(struct client_mount *mount, const struct copying *copying)
{
    begin_two(mount, &copying->from, &copying->to);
    copying_op(copying);
}

uint64_t copying_call(struct client_mount *mount, const struct copying *copying,
                      enum nfsstat4 status, const char *file, int line)
{
    const struct COPY4resok *resok;

    copying_begin(mount, copying);
    script_run(NULL, status, file, line);
    if (status != NFS4_OK)
        return 0;
    resok = &result(OP_COPY)->opcopy;
    assert_int_equal(resok->cr_response.wr_callback_id_count, 0);
    assert_true(resok->cr_requirements.cr_synchronous);
    assert_true(resok->cr_requirements.cr_consecutive);
    return resok->cr_response.wr_count;
}

/* Byte by byte this would take most of a test's time under a sanitizer: 256 bytes whose offsets
 * differ in the lowest byte alone are a part of one sequence, which repeats. */
enum {
    ROW = 256,
    PERIOD = 255,
    STEP = 31,         /* from one byte to the next, modulo PERIOD */
    STEP_INVERSE = 181 /* STEP * STEP_INVERSE is 1, modulo PERIOD */
};

static const uint8_t *row(uint64_t number, uint32_t seed)
{
    static uint8_t sequence[PERIOD + ROW];
    uint64_t first = number * ROW * STEP + number * 7 + (number >> 8) * 13 + seed;

    for (size_t i = 0; sequence[0] == 0 && i < sizeof(sequence); i++)
        sequence[sizeof(sequence) - 1 - i] =
            (uint8_t)(1 + (sizeof(sequence) - 1 - i) * STEP % PERIOD);
    return &sequence[first % PERIOD * STEP_INVERSE % PERIOD];
}

void copying_pattern(uint8_t *data, uint64_t offset, size_t length, uint32_t seed)
{
    while (length > 0) {
        size_t at = offset % ROW, part = length < ROW - at ? length : ROW - at;

        memcpy(data, row(offset / ROW, seed) + at, part);
        data += part;
        offset += part;
        length -= part;
    }
}

void copying_fill(struct client_mount *mount, const struct client_file *file, uint64_t offset,
                  uint64_t length, uint32_t seed)
{
    uint8_t *data = must_malloc(COPYING_MIB);

    while (length > 0) {
        uint32_t part = (uint32_t)(length < COPYING_MIB ? length : COPYING_MIB), written;

        copying_pattern(data, offset, part, seed);
        expect_status(client_file_write(mount, file, offset, UNSTABLE4, data, part, &written),
                      NFS4_OK);
        assert_int_equal(written, part);
        offset += part;
        length -= part;
    }
    free(data);
}

static void compare(struct client_mount *mount, const struct client_fh *fh, uint64_t offset,
                    uint64_t length, void (*make)(uint8_t *, uint64_t, size_t, uint32_t),
                    uint64_t source, uint32_t seed)
{
    const struct client_file file = {.fh = *fh, .stateid = client_stateid_bypass};
    uint8_t *want = must_malloc(COPYING_MIB), *data = must_malloc(COPYING_MIB);

    while (length > 0) {
        uint32_t part = (uint32_t)(length < COPYING_MIB ? length : COPYING_MIB), got;
        bool eof;

        expect_status(client_file_read(mount, &file, offset, data, part, &got, &eof), NFS4_OK);
        assert_int_equal(got, part);
        make(want, source, part, seed);
        assert_memory_equal(data, want, part);
        offset += part;
        source += part;
        length -= part;
    }
    free(data);
    free(want);
}

void copying_expect(struct client_mount *mount, const struct client_fh *fh, uint64_t offset,
                    uint64_t length, uint64_t source, uint32_t seed)
{
    compare(mount, fh, offset, length, copying_pattern, source, seed);
}

static void zeros(uint8_t *data, uint64_t offset, size_t length, uint32_t seed)
{
    (void)offset, (void)seed;
    memset(data, 0, length);
}

void copying_expect_zeros(struct client_mount *mount, const struct client_fh *fh, uint64_t offset,
                          uint64_t length)
{
    compare(mount, fh, offset, length, zeros, 0, 0);
}

uint64_t copying_size(struct client_mount *mount, const struct client_fh *fh)
{
    return attrs_of(mount, fh, CLIENT_BITS(FATTR4_SIZE)).size;
}
