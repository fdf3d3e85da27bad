/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a configuration file is told with the line where it is and with what would be
 * right, all mistakes of a file at once, and no configuration comes out.
 */
#include "lib/test.h"

#include "admin/config/config_reader.h"

/* Makes the text of a big file. */
struct big {
    char *text;
    size_t len;
};

static struct config_faults faults;

static int tear_down(void **state)
{
    (void)state;
    config_faults_fini(&faults);
    return 0;
}

static const char *look(const struct export_spec *spec, char *error, size_t size)
{
    if (strcmp(spec->backend, "mem") == 0)
        return NULL;
    (void)snprintf(error, size, "no backend %s", spec->backend);
    return "backend";
}

static void read_bytes(const char *bytes, size_t len)
{
    struct config *config;
    char *exact = malloc(len ? len : 1); /* a sanitizer sees what is read behind it */

    assert_non_null(exact);
    memcpy(exact, bytes, len);
    config_faults_fini(&faults);
    config = config_read_bytes(exact, len, look, &faults);
    free(exact);
    if (config) {
        config_destroy(config);
        fail_msg("taken: %.*s", (int)len, bytes);
    }
    assert_true(faults.count > 0);
}

/* "LINE: words", in one of the faults. */
static bool told(const char *expected)
{
    uint32_t line = (uint32_t)strtoul(expected, NULL, 10);
    const char *words = strstr(expected, ": ") + 2;

    for (uint32_t i = 0; i < faults.kept; i++) {
        if (faults.of[i].line == line && strstr(faults.of[i].text, words))
            return true;
    }
    return false;
}

/* False after saying what was told instead. */
static bool tells(const char *text, size_t len, const char *expected)
{
    read_bytes(text, len);
    if (told(expected))
        return true;
    print_error("'%s' lacks '%s'\n", text, expected);
    for (uint32_t i = 0; i < faults.kept; i++)
        print_error("  %u: %s\n", faults.of[i].line, faults.of[i].text);
    return false;
}

#define EXPORTS "exports: [{ path: /, backend: mem }]\n"
#define ITEM(more) "exports:\n  - path: /a\n    backend: mem\n    " more "\n"

static const struct mistake {
    const char *text, *expected;
} mistakes[] = {
    /* nothing at all */
    {"", "1: it says nothing: name at least what to serve"},
    {"# only a remark\n", "1: it says nothing"},
    {"---\n", "1: it says nothing"},
    {"~\n", "1: it says nothing"},
    {"...\n", "1: "},
    /* no YAML */
    {EXPORTS "log:\n\tlevel: info\n", "3: indent with spaces, not with tabs"},
    {"threads: 4\n  lease: 90\n", "2: mend the indentation"},
    {"listen: [127.0.0.1:2049\n", "2: close the list with ]"},
    {"log: { level: info\n", "2: close the map with }"},
    {"state: \"/srv\n", "2: close the quotes"},
    {"state: '/srv\n", "2: close the quotes"},
    {"state: @home\n", "1: in quotes"},
    {"state: \"\\z\"\n", "1: unknown escape character"},
    {"threads\nlease: 4\n", "2: "},
    {"threads: 4\nlease\n", "3: after a key there is a colon"},
    {"threads: 4\n- 5\n", "2: the keys of a map"},
    {"%NONSENSE\n" EXPORTS, "1: unknown directive"},
    {"%YAML 3.0\n---\n" EXPORTS, "1: "},
    {"state: *\n", "1: "},
    /* no text */
    {"threads: 4\nstate: /srv/\xff\xfe\n", "2: save the file as UTF-8"},
    {"threads: 4\n\nstate: /srv/\xc3(\n", "3: save the file as UTF-8"},
    {"state: /\xed\xa0\x80\n", "1: save the file as UTF-8"},
    {"threads: 4\nstate: /srv/\x01\n", "2: remove the character"},
    {"state: \"/srv\\0/data\"\n", "1: a text must not contain a NUL"},
    /* more than a configuration needs */
    {"threads: &four 4\nslots: 5\n", "1: anchors (&name) are not supported"},
    {"threads: 4\nslots: *four\n", "2: aliases (*name) are not supported"},
    {"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", "3: anchors (&name) are not supported"},
    {"threads: 4\nlog: { <<: *defaults }\n", "2: aliases (*name)"},
    {"threads: !!int 4\n", "1: tags (!name) are not supported"},
    {"log: !include other.yaml\n", "1: tags (!name) are not supported"},
    {EXPORTS "---\n" EXPORTS, "2: a second document begins"},
    {"[[[[[[[[[[1]]]]]]]]]]\n", "1: nested more than 8 deep"},
    {"{a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}}\n", "1: nested more than 8 deep"},
    {"? [a]\n: b\n",
     "1: a key is a word, not a list; an IPv6 address stands in quotes: \"[::]:2049\""},
    {"listen: [[::]:2049]\n",
     "1: a key is a word, not a list; an IPv6 address stands in quotes: \"[::]:2049\""},
    {"threads: 4\nslots: 8\nthreads: 5\n", "3: the key 'threads' stands in line 1 already"},
    {"log:\n  level: info\n  level: info\n", "3: the key 'level' stands in line 2 already"},
    /* keys */
    {"exprots: []\n", "1: unknown key 'exprots'; did you mean 'exports'?"},
    {"thread: 4\n", "1: unknown key 'thread'; did you mean 'threads'?"},
    {"reply-cache: 4\n", "1: unknown key 'reply-cache'; did you mean 'reply_cache'?"},
    {"log.level: debug\n", "1: unknown key 'log.level': write 'level' in the map 'log'"},
    {"log: { level.callback: debug }\n",
     "1: unknown key 'log.level.callback': 'log.level.callback' is a setting: write it in the map "
     "'settings'"},
    {"nfs.slots: 4\n",
     "1: unknown key 'nfs.slots': 'nfs.slots' is a setting: write it in the map 'settings'"},
    {"nonsense: 4\n", "1: unknown key 'nonsense' (docs/config.md lists the keys)"},
    {"\"\": 4\n", "1: unknown key ''"},
    {"log.level: info\n", "1: unknown key 'log.level'"},
    {"log:\n  levl: info\n", "2: unknown key 'log.levl'; did you mean 'level'?"},
    {"log:\n  color: yes\n", "2: unknown key 'log.color'"},
    {"log:\n  level:\n    x: y\n", "3: log.level wants error, warn, info or debug, not a map"},
    {"log: info\n", "1: log wants a map, not a text; its keys stand below it"},
    {"log: []\n", "1: log wants a map, not a list"},
    {"log:\nthreads: 1\n", "1: log wants a map, not nothing"},
    {"just words\n", "1: a map of keys is expected, not a text"},
    {"- threads: 4\n", "1: a map of keys is expected, not a list"},
    /* numbers, words, texts */
    {"threads: 0\n", "1: threads wants 1 to 64, not '0'"},
    {"threads: 65\n", "1: threads wants 1 to 64, not '65'"},
    {"threads: many\n", "1: threads wants 1 to 64, not 'many'"},
    {"threads: \"4\"\n", "1: threads wants 1 to 64, not '4': remove the quotes"},
    {"threads: 04\n", "1: a decimal number does not begin with 0"},
    {"threads: 0x4\n", "1: threads wants 1 to 64, not '0x4'"},
    {"threads: 4.0\n", "1: threads wants 1 to 64, not '4.0'"},
    {"threads: -4\n", "1: threads wants 1 to 64, not '-4'"},
    {"threads: 1_0\n", "1: threads wants 1 to 64, not '1_0'"},
    {"threads:\n", "1: threads has no value: it wants 1 to 64; or remove the key"},
    {"threads: null\n", "1: threads has no value"},
    {"threads: [4]\n", "1: threads wants 1 to 64, not a list"},
    {"threads: {}\n", "1: threads wants 1 to 64, not a map"},
    {"threads: 99999999999999999999999\n", "1: threads wants 1 to 64"},
    {"descriptors: 0\n", "1: descriptors wants 1 to 2147483647, not '0'"},
    {"descriptors: 2147483648\n", "1: descriptors wants 1 to 2147483647, not '2147483648'"},
    {"lease: 0\n", "1: lease wants 1 to 3600 seconds, not '0'"},
    {"lease: 90s\n", "1: lease wants 1 to 3600 seconds, not '90s'"},
    {"grace: 3601\n", "1: grace wants 0 to 3600 seconds, not '3601'"},
    {"slots: 1025\n", "1: slots wants 1 to 1024, not '1025'"},
    {"reply_cache: 1GiB\n", "1: reply_cache wants 1 to 1048576 MiB, not '1GiB'"},
    {"log: { level: verbose }\n", "1: log.level wants error, warn, info or debug, not 'verbose'"},
    {"log: { level: inf }\n", "1: not 'inf'; did you mean 'info'?"},
    {"log: { format: JSON }\n", "1: log.format wants text or json, not 'JSON'"},
    {"log: { queue: 65537 }\n", "1: log.queue wants 0 to 65536 KiB, not '65537'"},
    {"state: state\n", "1: state wants an absolute path, not 'state'"},
    {"state: \"\"\n", "1: state wants an absolute path, not ''"},
    {"state: [/srv]\n", "1: state wants an absolute path, not a list"},
    /* addresses */
    {"listen: 127.0.0.1:2049\n", "1: listen wants a list of addresses, not a text"},
    {"listen: []\n", "1: listen wants a list of addresses, not an empty list"},
    {"listen: [localhost:2049]\n", "1: the address must be numeric; names are not resolved"},
    {"listen:\n  - 127.0.0.1:2049\n  - 127.0.0.1\n", "3: the port is missing"},
    {"listen: [127.0.0.1:99999]\n", "1: a port is a number from 0 to 65535"},
    {"listen: [\"::1:2049\"]\n", "1: an IPv6 address must be in brackets"},
    {"listen:\n  - [::1]:2049\n", "2: "},
    {"listen:\n  - [::1]\n", "2: an IPv6 address stands in quotes"},
    {"listen:\n  - [127.0.0.1]\n", "2: IPv6 in quotes, \"[::1]:2049\", not a list"},
    {"listen: [2049]\n", "1: the port is missing"},
    {"listen: [~]\n", "1: listen has no value"},
    {"admin: none\n",
     "1: admin wants a list of addresses, not a text; for example [127.0.0.1:9101]"},
    {"admin: []\n", "1: admin wants a list of addresses, not an empty list"},
    {"admin:\n  - 127.0.0.1:1\n  - 127.0.0.1\n", "3: admin wants unix:PATH, a numeric ADDR:PORT"},
    {"admin: [localhost:1]\n", "1: admin wants unix:PATH, a numeric ADDR:PORT or none"},
    {"admin: [[]]\n", "1: admin wants unix:PATH, ADDR:PORT or none, not a list"},
    {"admin: [127.0.0.1:1, 127.0.0.1:2, 127.0.0.1:3, 127.0.0.1:4]\n",
     "1: admin '127.0.0.1:4': too many addresses"},
    {"admin_token: tokens\n", "1: admin_token wants an absolute path, not 'tokens'"},
    {"admin_open: yes\n", "1: admin_open wants false or true, not 'yes'"},
    {"admin_tls: true\n", "1: admin_tls wants off, on or mutual, not 'true'"},
    {"admin_tokens: /t\n", "1: unknown key 'admin_tokens'; did you mean 'admin_token'?"},
    /* exports */
    {"exports: /data=mem\n", "1: exports wants a list of maps, not a text"},
    {"exports:\nthreads: 1\n", "1: exports wants a list of maps"},
    {"exports: { path: / }\n", "1: exports wants a list of maps, not a map"},
    {"exports: [/data=mem:]\n", "1: put a text with a colon in quotes"},
    {"exports: [/data=local:/srv]\n", "1: exports[0] wants a map, not a text; for example { path:"},
    {"exports:\n  - backend: mem\n", "2: exports[0] has no path; for example path: /data"},
    {"exports:\n  - path: /\n", "2: exports[0] has no backend; for example backend: local"},
    {"exports:\n  - { path: a, backend: mem }\n", "2: exports[0].path wants an absolute path"},
    {"exports:\n  - { path: /a/../b, backend: mem }\n", "2: without '.' and '..', not '/a/../b'"},
    {"exports:\n  - { path: /a, backend: zfs }\n", "2: no backend zfs"},
    {ITEM("acces: ro"), "4: unknown key 'acces'; did you mean 'access'?"},
    {ITEM("ro: true"), "4: unknown key 'ro'"},
    {ITEM("access: read"), "4: exports[0].access wants rw or ro, not 'read'"},
    {ITEM("access: [ro, rw]"), "4: exports[0].access wants rw or ro, not a list"},
    {ITEM("changes: asynch"), "4: not 'asynch'; did you mean 'async'?"},
    {ITEM("squash: none"), "4: squash wants root_squash, no_root_squash or all_squash, not 'none'"},
    {ITEM("squash: 1"), "4: exports[0].squash wants root_squash"},
    {ITEM("anonuid: nobody"), "4: exports[0].anonuid wants 0 to 4294967295, not 'nobody'"},
    {ITEM("anongid: -2"), "4: exports[0].anongid wants 0 to 4294967295, not '-2'"},
    {ITEM("anonuid: 4294967296"), "4: exports[0].anonuid wants 0 to 4294967295"},
    {ITEM("ports: 1024"), "4: exports[0].ports wants default, secure or insecure, not '1024'"},
    {ITEM("sec: krb6"), "4: exports[0].sec: expected krb5p, krb5i, krb5, sys or none, or several"},
    {ITEM("sec: [krb5]"), "4: exports[0].sec wants krb5p, krb5i, krb5, sys or none"},
    {ITEM("sec: krb5:sys:krb5"), "4: exports[0].sec: 'krb5' is there twice"},
    {ITEM("sec:"), "4: exports[0].sec has no value"},
    {ITEM("tls_peer: CN=a"), "4: tls_peer wants a list, not a text; for example"},
    {ITEM("tls_peer: []"), "4: tls_peer is an empty list, which would admit every certificate"},
    {ITEM("tls_peer: [name=a]"), "4: tls_peer: 'name=a': "},
    {ITEM("tls_user: [CN=a]"), "4: tls_user: 'CN=a': "},
    {ITEM("tls_user: [CN=a=b]\n    xprtsec: tls"), "2: exports[0]: tls_user is for callers"},
    {ITEM("tls_peer: [CN=a]\n    xprtsec: tls"), "2: exports[0]: tls_peer contradicts xprtsec"},
    {ITEM("xprtsec: mtsl"), "4: exports[0].xprtsec: expected mtls, tls or none"},
    {ITEM("fsid: 0"), "4: exports[0].fsid wants 1 to 9223372036854775807, not '0'"},
    {ITEM("strict_utf8: yes"), "4: exports[0].strict_utf8 wants false or true, not 'yes'"},
    {ITEM("strict_utf8: \"true\""), "4: not 'true': remove the quotes"},
    {ITEM("clients: 192.0.2.1"), "4: clients wants a list, not a text; for example [192.0.2.0/24]"},
    {ITEM("clients: []"), "4: clients is an empty list, which would admit everybody"},
    {ITEM("clients: [host.name]"), "4: clients wants ADDR or ADDR/BITS with a numeric address"},
    {ITEM("clients: [192.0.2.1/33]"), "4: not '192.0.2.1/33'"},
    {ITEM("clients: [{ address: 192.0.2.1 }]"), "4: clients wants ADDR or ADDR/BITS with a "
                                                "numeric address, not a map"},
    {ITEM("path: /b"), "4: the key 'path' stands in line 2 already"},
    {ITEM("") "  - path: /a/\n    backend: mem\n", "5: exports[1].path: /a is exported by line 2"},
    {ITEM("fsid: 7") "  - path: /b\n    backend: mem\n    fsid: 7\n",
     "7: exports[1].fsid: the export in line 2 has the same"},
    /* settings */
    {"settings: 5\n", "1: settings wants a map, not a text"},
    {"settings:\nthreads: 1\n", "1: settings wants a map, not nothing"},
    {"settings: { nfs.delegation: 1 }\n", "1: there is no setting 'nfs.delegation'; did you mean "
                                          "'nfs.delegations'?"},
    {"settings: { nonsense: 1 }\n", "1: there is no setting 'nonsense' (mainstayd --set help"},
    {"settings:\n  nfs:\n    delegations: 1\n", "2: there is no setting 'nfs'"},
    {"settings: { nfs.delegations: 3 }\n", "1: nfs.delegations wants none (0), read (1)"},
    {"settings: { nfs.delegations: all }\n", "1: nfs.delegations wants none (0)"},
    {"settings: { nfs.delegations: \"1\" }\n", "1: not '1': remove the quotes"},
    {"settings: { nfs.max_clients: 0 }\n", "1: nfs.max_clients wants 1 to 65536, not '0'"},
    {"settings: { nfs.max_clients: }\n", "1: nfs.max_clients has no value"},
    {"settings: { nfs.max_clients: [1] }\n", "1: nfs.max_clients wants 1 to 65536, not a list"},
    {"settings:\n  nfs.min_minor_version: 2\n  nfs.max_minor_version: 1\n",
     "3: nfs.min_minor_version 2 (file) is above nfs.max_minor_version 1 (file)"},
    {"lease: 10\nsettings:\n  nfs.callback_timeout_ms: 20000\n",
     "3: nfs.callback_timeout_ms 20000 (file), callbacks could take 20010 ms"},
};

static void each_is_told(void **state)
{
    const size_t count = sizeof(mistakes) / sizeof(mistakes[0]);
    size_t good = 0;

    (void)state;
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++)
        good += tells(mistakes[i].text, strlen(mistakes[i].text), mistakes[i].expected);
    assert_int_equal(good, count);
}

/* A NUL in the file itself. */
static void nul(void **state)
{
    static const char text[] = "threads: 4\nstate: /srv\0/data\n";

    (void)state;
    assert_true(tells(text, sizeof(text) - 1, "2: remove the character"));
}

static void all_at_once(void **state)
{
    static const char text[] = "threads: 0\n"
                               "lease: soon\n"
                               "log:\n"
                               "  level: loud\n"
                               "  colour: red\n"
                               "exports:\n"
                               "  - path: /a\n"
                               "    backend: mem\n"
                               "    access: maybe\n"
                               "  - path: b\n"
                               "    backend: zfs\n"
                               "  - path: /a\n"
                               "    backend: mem\n"
                               "settings:\n"
                               "  nfs.delegations: 9\n"
                               "slots: *many\n";
    static const uint32_t lines[] = {1, 2, 4, 5, 9, 10, 12, 15, 16};

    (void)state;
    read_bytes(text, sizeof(text) - 1);
    assert_int_equal(faults.count, sizeof(lines) / sizeof(lines[0]));
    for (uint32_t i = 0; i < faults.count; i++)
        assert_int_equal(faults.of[i].line, lines[i]);
}

/* ---- big ones ---- */

static void big_add(struct big *big, const char *text)
{
    size_t len = strlen(text);

    if (!big->text)
        big->text = malloc(LIMIT_CONFIG_BYTES);
    assert_non_null(big->text);
    assert_true(big->len + len < LIMIT_CONFIG_BYTES);
    memcpy(big->text + big->len, text, len + 1);
    big->len += len;
}

static void big_expect(struct big *big, const char *expected)
{
    read_bytes(big->text, big->len);
    if (!told(expected))
        fail_msg("%u: %s", faults.of[0].line, faults.of[0].text);
    free(big->text);
}

static void bounded(void **state)
{
    struct big many_exports = {0}, many_clients = {0}, many_addresses = {0}, wide = {0}, deep = {0};
    char line[64];

    (void)state;
    big_add(&many_exports, "exports:\n");
    for (unsigned i = 0; i <= LIMIT_EXPORTS; i++) {
        (void)snprintf(line, sizeof(line), "  - { path: /%u, backend: mem }\n", i);
        big_add(&many_exports, line);
    }
    big_expect(&many_exports, "258: more than 256 exports");

    big_add(&many_clients, "exports:\n  - path: /\n    backend: mem\n    clients:\n");
    for (unsigned i = 0; i <= LIMIT_EXPORT_CLIENTS; i++)
        big_add(&many_clients, "      - 192.0.2.1\n");
    big_expect(&many_clients, "69: clients: more than 64: name a network instead");

    big_add(&many_addresses, "listen:\n");
    for (unsigned i = 0; i <= LIMIT_LISTENERS; i++)
        big_add(&many_addresses, "  - 127.0.0.1:0\n");
    big_expect(&many_addresses, "18: listen: more than 16 addresses");

    for (unsigned i = 0; i < LIMIT_CONFIG_ENTRIES; i++) {
        (void)snprintf(line, sizeof(line), "key%u: 1\n", i);
        big_add(&wide, line);
    }
    big_expect(&wide, "513: more than 1024 entries in one list or map");

    for (unsigned i = 0; i < 100000; i++)
        big_add(&deep, "[");
    big_expect(&deep, "1: nested more than 8 deep");
}

static void many_nodes(void **state)
{
    struct big big = {0};

    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        char line[32];

        (void)snprintf(line, sizeof(line), "k%u: [", i);
        big_add(&big, line);
        for (unsigned j = 0; j < 400; j++)
            big_add(&big, "1,");
        big_add(&big, "]\n");
    }
    big_expect(&big, "164: more than 65536 keys and values");
}

/* Aliases cost nothing, since they are not followed. */
static void laughs(void **state)
{
    struct big big = {0};

    (void)state;
    big_add(&big, "a0: &a0 ha\n");
    for (unsigned i = 1; i < 200; i++) {
        char line[128];

        (void)snprintf(line, sizeof(line), "a%u: &a%u [*a%u, *a%u, *a%u, *a%u]\n", i, i, i - 1,
                       i - 1, i - 1, i - 1);
        big_add(&big, line);
    }
    read_bytes(big.text, big.len);
    assert_int_equal(faults.kept, LIMIT_CONFIG_FAULTS);
    assert_true(faults.count > 900 && faults.count < 2000);
    free(big.text);
}

/* What comes from the file does not steer the terminal, and is cut between characters. */
static void fit_for_a_terminal(void **state)
{
    static const char text[] = "\"\\e[31m\\u009b1m\\n\": 1\n";
    struct big big = {0};

    (void)state;
    assert_true(tells(text, sizeof(text) - 1, "1: unknown key '?[31m??1m?'"));
    big_add(&big, "x");
    for (unsigned i = 0; i < 40; i++)
        big_add(&big, "\xc3\xa4");
    big_add(&big, ": 1\n");
    read_bytes(big.text, big.len);
    assert_non_null(strstr(faults.of[0].text, "\xc3\xa4?'"));
    free(big.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_is_told, tear_down),
        cmocka_unit_test_teardown(nul, tear_down),
        cmocka_unit_test_teardown(all_at_once, tear_down),
        cmocka_unit_test_teardown(bounded, tear_down),
        cmocka_unit_test_teardown(many_nodes, tear_down),
        cmocka_unit_test_teardown(laughs, tear_down),
        cmocka_unit_test_teardown(fit_for_a_terminal, tear_down),
    };

    return test_group_run_fixtures(tests, NULL, NULL);
}
