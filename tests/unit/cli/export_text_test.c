/* SPDX-License-Identifier: Apache-2.0 */
/* Exports as the command line describes them, as members of a request. */
#include "cli/export_text.h"

#include <stdlib.h>
#include <string.h>

#include "lib/test.h"

static void check(json_t *got, const char *expected)
{
    json_t *wanted = json_loads(expected, 0, NULL);
    char *text = json_dumps(got, JSON_COMPACT);

    assert_non_null(wanted);
    if (!json_equal(got, wanted))
        fail_msg("%s is not %s", text, expected);
    free(text);
    json_decref(wanted);
}

static void taken(void **state)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"/=mem:", "{\"path\": \"/\", \"backend\": \"mem\", \"argument\": \"\"}"},
        {"/=mem", "{\"path\": \"/\", \"backend\": \"mem\", \"argument\": \"\"}"},
        {"/data=local:/srv/a=b:c",
         "{\"path\": \"/data\", \"backend\": \"local\", \"argument\": \"/srv/a=b:c\"}"},
        {"/d=mem:,ro,async,insecure,all_squash,strict_utf8,anonuid=7,anongid=8,fsid=9,sec=krb5p:sys,"
         "xprtsec=tls",
         "{\"path\": \"/d\", \"backend\": \"mem\", \"argument\": \"\", \"access\": \"ro\","
         " \"changes\": \"async\", \"ports\": \"insecure\", \"squash\": \"all_squash\","
         " \"strict_utf8\": true, \"anonuid\": 7, \"anongid\": 8, \"fsid\": 9,"
         " \"sec\": \"krb5p:sys\", \"xprtsec\": \"tls\"}"},
        {"/d=mem:,client=192.0.2.0/24,client=2001:db8::/128",
         "{\"path\": \"/d\", \"backend\": \"mem\", \"argument\": \"\","
         " \"clients\": [\"192.0.2.0/24\", \"2001:db8::/128\"]}"},
        {"/d=mem:,ro,ro",
         "{\"path\": \"/d\", \"backend\": \"mem\", \"argument\": \"\", \"access\": \"ro\"}"},
        {"/d=mem:,tls_peer=CN=a\\,issuer=b,tls_peer=CN=c,tls_user=CN=a=alice",
         "{\"path\": \"/d\", \"backend\": \"mem\", \"argument\": \"\","
         " \"tls_peer\": [\"CN=a,issuer=b\", \"CN=c\"], \"tls_user\": [\"CN=a=alice\"]}"},
        {"/d=mem:,tls_peer=all,tls_user=none",
         "{\"path\": \"/d\", \"backend\": \"mem\", \"argument\": \"\"}"},
        {"/d=mem:,client=all", "{\"path\": \"/d\", \"backend\": \"mem\", \"argument\": \"\"}"},
    };
    char error[EXPORT_TEXT_ERROR_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        json_t *export = export_text_parse(rows[i].text, error);

        assert_non_null(export);
        check(export, rows[i].json);
        json_decref(export);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "expected PATH=BACKEND"},
        {"/data", "'/data': expected PATH=BACKEND[:ARGUMENT][,OPTION...], for example"},
        {"/data=", "option 'backend': expected one after '='"},
        {"/data=:x", "option 'backend': expected one after '='"},
        {"/data=mem:,", "unknown option ''"},
        {"/data=mem:,asynk", "unknown option 'asynk'; did you mean 'async'?"},
        {"/data=mem:,ro=1", "unknown option 'ro'"},
        {"/data=mem:,clients=192.0.2.1", "unknown option 'clients'; did you mean 'client'?"},
        {"/data=mem:,anonuid=nobody", "option 'anonuid': expected a number"},
        {"/data=mem:,fsid=", "option 'fsid': expected a number"},
        {"/data=mem:,fsid=99999999999999999999", "option 'fsid': expected a number"},
        {"/data=mem:,sec", "unknown option 'sec'"},
        {"/data=mem:,xprtsec=\377", "option 'xprtsec': the value is not UTF-8"},
        {"/data=mem:,client=\377", "invalid option 'client=\377': expected client=ADDR"},
        {"/data=mem:,client=", "invalid option 'client=': expected"},
        {"/data=mem:,client=host", "invalid option 'client=host': expected"},
        {"/data=mem:,client=192.0.2.0/33", "invalid option"},
        {"/data=mem:,client=192.0.2.0/", "invalid option"},
        {"/data=mem:,client=192.0.2.0/-1", "invalid option"},
        {"/data=mem:,client=2001:db8::/129", "invalid option"},
        {"data=mem:", "the path before '=' must be absolute"},
        {"/\377=mem:", "option 'path': the value is not UTF-8"},
    };
    char error[EXPORT_TEXT_ERROR_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_null(export_text_parse(rows[i].text, error));
        if (!strstr(error, rows[i].why))
            fail_msg("%s: %s", rows[i].text, error);
    }
}

/* Of two options that exclude each other none counts more: the export could be less restricted than
 * whoever typed it meant.  S20-28. */
static void contradictions(void **state)
{
    static const struct {
        const char *options, *why;
    } rows[] = {
        {"ro,rw", "options 'ro' and 'rw' contradict each other"},
        {"rw,anonuid=7,ro", "options 'rw' and 'ro' contradict each other"},
        {"async,sync", "options 'async' and 'sync' contradict each other"},
        {"secure,insecure", "options 'secure' and 'insecure' contradict each other"},
        {"all_squash,no_root_squash",
         "options 'all_squash' and 'no_root_squash' contradict each other"},
        {"anonuid=1,anonuid=2", "option 'anonuid' is given twice"},
        {"fsid=7,fsid=7", "option 'fsid' is given twice"},
        {"sec=sys,sec=sys", "option 'sec' is given twice"},
        {"tls_peer=CN=a,tls_peer=all", "option 'tls_peer': the word for no rule stands"},
        {"tls_user=none,tls_user=CN=a=b", "option 'tls_user': the word for no rule stands"},
        {"client=192.0.2.1,client=all", "option 'client=all': it stands without another"},
        {"client=all,client=192.0.2.1", "option 'client=all': it stands without another"},
    };
    char error[EXPORT_TEXT_ERROR_BYTES], *text;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        json_t *export = json_pack("{s:s}", "path", "/d");

        assert_false(export_text_apply(export, rows[i].options, error));
        if (!strstr(error, rows[i].why))
            fail_msg("%s: %s", rows[i].options, error);
        json_decref(export);
        assert_true(asprintf(&text, "/d=mem:,%s", rows[i].options) > 0);
        assert_null(export_text_parse(text, error));
        free(text);
    }
}

/* The first client= replaces those that are there. */
static void changed(void **state)
{
    json_t *export = json_loads("{\"path\": \"/d\", \"access\": \"ro\", \"changes\": \"sync\","
                                " \"clients\": [\"192.0.2.1\"]}",
                                0, NULL);
    char error[EXPORT_TEXT_ERROR_BYTES];

    (void)state;
    assert_true(export_text_apply(export, "rw", error));
    check(export, "{\"path\": \"/d\", \"access\": \"rw\", \"changes\": \"sync\","
                  " \"clients\": [\"192.0.2.1\"]}");
    assert_true(export_text_apply(export, "client=192.0.2.2,client=192.0.2.3,async", error));
    check(export, "{\"path\": \"/d\", \"access\": \"rw\", \"changes\": \"async\","
                  " \"clients\": [\"192.0.2.2\", \"192.0.2.3\"]}");
    assert_true(export_text_apply(export, "client=all", error));
    check(export, "{\"path\": \"/d\", \"access\": \"rw\", \"changes\": \"async\"}");
    json_decref(export);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken),
        cmocka_unit_test(refused),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(changed),
    };

    return test_group_run(tests);
}
