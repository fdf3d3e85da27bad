/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole COMPOUNDs of minor version 0, byte by byte, put together by hand from RFC 7530 and RFC
 * 7531: the arguments as sent, the results as expected. One conversation of a client that opens and
 * locks a file.
 *
 * Bytes that the server chooses have names. {name} in a reply stores them, and in a request stands
 * for them; <name> in a reply must be the stored bytes; * is any word.
 */
#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "lib/test.h"
#include "unit/proto/v41/v41_fixture.h"

static struct v41_call call;
static const char *asked; /* for messages */

/* ---- named bytes ---- */

enum {
    NAMES = 8,
    OTHER_BYTES = 12, /* of a stateid, behind its seqid */
    EIGHT_BYTES = 8
};

struct named {
    const char *name;
    size_t len;
    uint8_t bytes[16];
};

static struct named named[NAMES] = {
    {"clientid", EIGHT_BYTES, {0}}, {"confirm", EIGHT_BYTES, {0}}, {"newconfirm", EIGHT_BYTES, {0}},
    {"open", OTHER_BYTES, {0}},     {"open2", OTHER_BYTES, {0}},   {"lock", OTHER_BYTES, {0}},
    {"change", EIGHT_BYTES, {0}},   {"changed", EIGHT_BYTES, {0}},
};

static struct named *find(const char *name, size_t len)
{
    for (size_t i = 0; i < NAMES; i++)
        if (strlen(named[i].name) == len && memcmp(named[i].name, name, len) == 0)
            return &named[i];
    fail_msg("no such name: %.*s", (int)len, name);
    return NULL;
}

/* ---- words ---- */

static uint32_t word(const char *text)
{
    char digits[9] = {0};
    char *end;
    uint32_t value;

    memcpy(digits, text, 8);
    value = (uint32_t)strtoul(digits, &end, 16);
    assert_ptr_equal(end, digits + 8);
    return value;
}

/* The next word or name, or NULL; *len is its length. */
static const char *token(const char **text, size_t *len)
{
    const char *start;

    while (**text == ' ')
        (*text)++;
    if (**text == '\0')
        return NULL;
    start = *text;
    while (**text != '\0' && **text != ' ')
        (*text)++;
    *len = (size_t)(*text - start);
    return start;
}

static void ask(const char *arguments)
{
    const uint32_t head[] = {0, 0}; /* no tag, minor version 0 */
    const char *at;
    size_t len;

    asked = arguments;
    v41_begin(&call);
    call.minor = 0;
    call.tag_len = 0;
    for (size_t i = 0; i < ARRAY_SIZE(head); i++)
        assert_int_equal(word(token(&arguments, &len)), head[i]);
    call.op_count = word(token(&arguments, &len));
    while ((at = token(&arguments, &len))) {
        if (*at == '{') {
            struct named *name = find(at + 1, len - 2);

            memcpy(xdr_take(&call.x, name->len), name->bytes, name->len);
        } else {
            assert_int_equal(len, 8);
            xdr_put_u32(&call.x, word(at));
        }
    }
}

static void take_named(struct xdr *x, const char *at, size_t len)
{
    struct named *name = find(at + 1, len - 2);
    const uint8_t *bytes = xdr_take(x, name->len);

    assert_non_null(bytes);
    if (*at == '{')
        memcpy(name->bytes, bytes, name->len);
    else
        assert_memory_equal(bytes, name->bytes, name->len);
}

static void expect(const char *results)
{
    struct xdr x;
    const char *at;
    size_t len;

    assert_int_equal(call.accept_stat, 0);
    xdr_init_decode(&x, call.body, call.body_len, NULL);
    while ((at = token(&results, &len))) {
        if (*at == '*') {
            (void)xdr_get_u32(&x);
        } else if (*at == '{' || *at == '<') {
            take_named(&x, at, len);
        } else {
            uint32_t got = xdr_get_u32(&x);

            if (got != word(at))
                fail_msg("word %zu is %08x, not %.8s, as answer to\n%s", xdr_pos(&x) / 4 - 1, got,
                         at, asked);
        }
        assert_false(x.failed);
    }
    assert_int_equal(xdr_left(&x), 0);
}

static void exchange_as(uint32_t uid, const char *arguments, const char *results)
{
    ask(arguments);
    call.uid = uid;
    v41_roundtrip(v41_fd, &call);
    expect(results);
}

static void exchange(const char *arguments, const char *results)
{
    exchange_as(0, arguments, results);
}

/* ---- common parts ---- */

/* Behind tag, minor version (of the arguments) or status, tag (of the results). */
#define ONE "00000000 00000000 00000001 "
#define TWO "00000000 00000000 00000002 "
#define THREE "00000000 00000000 00000003 "
#define ROOT "00000018 "
#define ROOT_OK "00000018 00000000 "
/* LOOKUP of "file" */
#define FILE_ "0000000f 00000004 66696c65 "
#define FILE_OK "0000000f 00000000 "
/* The last of that many results, with this status. */
#define FAILED(status, count) status " 00000000 " count " "

/* id "golden", callback program 0x40000000 at tcp 127.0.0.1.8.1, ident 5 */
#define SETCLIENTID(verifier)                                                                      \
    ONE "00000023 " verifier "00000006 676f6c64 656e0000 "                                         \
        "40000000 00000003 74637000 0000000d 3132372e 302e302e 312e382e 31000000 00000005"

#define RELEASE ONE "00000027 {clientid} 00000006 6c6f636b 65720000"

/* ---- the conversation ---- */

/* RFC 7530 §16.33, §16.34, §16.28 */
static void client_ids(void)
{
    exchange(SETCLIENTID("01020304 05060708 "), ONE "00000023 00000000 {clientid} {confirm}");
    /* Not yet confirmed: STALE_CLIENTID, as with a wrong verifier. */
    exchange(ONE "0000001e {clientid}", FAILED("00002726", "00000001") "0000001e 00002726");
    exchange(ONE "00000024 {clientid} 00000000 00000000",
             FAILED("00002726", "00000001") "00000024 00002726");
    exchange(ONE "00000024 {clientid} {confirm}", ONE "00000024 00000000");
    exchange(ONE "0000001e {clientid}", ONE "0000001e 00000000");
    /* Another callback: the same client id, another verifier to confirm. */
    exchange(SETCLIENTID("01020304 05060708 "), ONE "00000023 00000000 <clientid> {newconfirm}");
    exchange(ONE "00000024 {clientid} {newconfirm}", ONE "00000024 00000000");
}

/* §16.16: seqid 1, for reading and writing, create unchecked without attributes. */
#define OPEN_FILE                                                                                  \
    TWO ROOT "00000012 00000001 00000003 00000000 {clientid} 00000005 6f776e65 72000000 "          \
             "00000001 00000000 00000000 00000000 00000000 00000004 66696c65"

/* CONFIRM and LOCKTYPE_POSIX; no attributes, no delegation. */
#define OPEN_FILE_OK TWO ROOT_OK "00000012 00000000 00000001 "

static void opens(void)
{
    exchange(OPEN_FILE,
             OPEN_FILE_OK "{open} 00000001 {change} {changed} 00000006 00000000 00000000");
    /* A retry: it is not executed again. */
    exchange(OPEN_FILE,
             OPEN_FILE_OK "<open> 00000001 <change> <changed> 00000006 00000000 00000000");
    /* §16.18 */
    exchange(THREE ROOT FILE_ "00000014 00000001 {open} 00000002",
             THREE ROOT_OK FILE_OK "00000014 00000000 00000002 <open>");
}

/* §16.10: a write lock of bytes 0 to 9, open_to_lock_owner4 with seqids 3 and 1. */
static void locks(void)
{
    exchange(THREE ROOT FILE_ "0000000c 00000002 00000000 00000000 00000000 00000000 0000000a "
                              "00000001 00000003 00000002 {open} 00000001 "
                              "{clientid} 00000006 6c6f636b 65720000",
             THREE ROOT_OK FILE_OK "0000000c 00000000 00000001 {lock}");
    /* And of bytes 10 to 19, exist_lock_owner4. */
    exchange(THREE ROOT FILE_ "0000000c 00000002 00000000 00000000 0000000a 00000000 0000000a "
                              "00000000 00000001 {lock} 00000002",
             THREE ROOT_OK FILE_OK "0000000c 00000000 00000002 <lock>");
    /* Another owner is told the holder of the lock. */
    exchange(THREE ROOT FILE_ "0000000c 00000001 00000000 00000000 00000004 00000000 00000001 "
                              "00000001 00000004 00000002 {open} 00000001 "
                              "{clientid} 00000001 78000000",
             FAILED("0000271a", "00000003") ROOT_OK FILE_OK
             "0000000c 0000271a 00000000 00000000 00000000 00000014 00000002 "
             "<clientid> 00000006 6c6f636b 65720000");
    /* §16.37: LOCKS_HELD, until LOCKU. */
    exchange(RELEASE, FAILED("00002735", "00000001") "00000027 00002735");
    exchange(THREE ROOT FILE_
             "0000000e 00000002 00000003 00000002 {lock} 00000000 00000000 ffffffff ffffffff",
             THREE ROOT_OK FILE_OK "0000000e 00000000 00000003 <lock>");
    exchange(RELEASE, ONE "00000027 00000000");
    exchange(THREE ROOT FILE_
             "0000000e 00000002 00000004 00000003 {lock} 00000000 00000000 ffffffff ffffffff",
             FAILED("00002729", "00000003") ROOT_OK FILE_OK "0000000e 00002729");
}

/* §16.33.5: an id string of another client with state; the error's body has that client's callback
 * address. */
static void id_in_use(void)
{
    exchange_as(7, SETCLIENTID("11111111 22222222 "),
                FAILED("00002721", "00000001") "00000023 00002721 00000003 74637000 "
                                               "0000000d 3132372e 302e302e 312e382e 31000000");
}

/* §16.2: BAD_SEQID with a seqid that is not the next, which is 5. */
static void closes(void)
{
    exchange(THREE ROOT FILE_ "00000004 00000007 00000002 {open}",
             FAILED("0000272a", "00000003") ROOT_OK FILE_OK "00000004 0000272a");
    exchange(THREE ROOT FILE_ "00000004 00000005 00000002 {open}",
             THREE ROOT_OK FILE_OK "00000004 00000000 ffffffff 00000000 00000000 00000000");
    exchange(THREE ROOT FILE_ "00000004 00000005 00000002 {open}",
             THREE ROOT_OK FILE_OK "00000004 00000000 ffffffff 00000000 00000000 00000000");
    exchange(THREE ROOT FILE_ "00000004 00000006 00000003 {open}",
             FAILED("00002729", "00000003") ROOT_OK FILE_OK "00000004 00002729");
}

/* Operations of other minor versions: ILLEGAL. */
static void others(void)
{
    exchange(ONE "00000035 00000000 00000000 00000000 00000000",
             FAILED("0000273c", "00000001") "0000273c 0000273c");
}

static void conversation(void **state)
{
    (void)state;
    client_ids();
    opens();
    locks();
    id_in_use();
    closes();
    others();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(conversation, v41_set_up, v41_tear_down),
    };

    log_set_level(LOG_LEVEL_ERROR);
    return test_group_run(tests);
}
