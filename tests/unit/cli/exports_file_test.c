/* SPDX-License-Identifier: Apache-2.0 */
/* Files in the format of exports(5) that are taken: what they would be as exports of Mainstay, and
 * what is said of each option. */
#include "cli/exports_file.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "lib/test.h"

static uint32_t resolve(const char *name, char (*addresses)[EXPORTS_ADDRESS_BYTES], uint32_t max)
{
    if (strcmp(name, "known.example") != 0 || max < 2)
        return 0;
    (void)snprintf(addresses[0], EXPORTS_ADDRESS_BYTES, "192.0.2.7");
    (void)snprintf(addresses[1], EXPORTS_ADDRESS_BYTES, "2001:db8::7");
    return 2;
}

static void parse(struct exports_file *file, const char *text)
{
    exports_file_parse(file, text, strlen(text), resolve);
    for (uint32_t i = 0; i < file->remark_count; i++) {
        if (file->remarks[i].verdict == EXPORTS_REFUSED)
            fail_msg("%s: %s", text, file->remarks[i].why);
    }
    assert_false(file->is_refused);
}

/* "/path clients options" of each entry. */
static const char *shown(const struct exports_file *file, char *text, size_t size)
{
    size_t len = 0;

    *text = '\0';
    for (uint32_t i = 0; i < file->count; i++) {
        const struct exports_entry *entry = &file->entries[i];
        char options[256];

        len += (size_t)snprintf(text + len, size - len, "%s%s", i > 0 ? "; " : "", entry->path);
        for (uint32_t j = 0; j < entry->client_count; j++)
            len += (size_t)snprintf(text + len, size - len, " %s", entry->clients[j]);
        len += (size_t)snprintf(text + len, size - len, "%s %s", entry->everybody ? " all" : "",
                                exports_options_print(&entry->options, options, sizeof(options)));
        assert_true(len < size);
    }
    return text;
}

#define USUAL "ro,sync,secure,root_squash,anonuid=65534,anongid=65534"
#define WRITABLE "rw,sync,secure,root_squash,anonuid=65534,anongid=65534"

static void exports_made(void **state)
{
    static const struct {
        const char *text, *exports;
    } rows[] = {
        {"", ""},
        {"# only a comment", ""},
        {"\n\n   \n\t\n", ""},
        {"/data\n", "/data all " USUAL},
        {"/data", "/data all " USUAL},
        {"/data *", "/data all " USUAL},
        {"/data (rw)", "/data all " WRITABLE},
        {"/data *()", "/data all " USUAL},
        {"/data *(rw) # to all\n", "/data all " WRITABLE},
        {"/a#b *(rw)", "/a#b all " WRITABLE},
        {"//srv///data/ *(rw)", "/srv/data all " WRITABLE},
        {"/ *(rw)", "/ all " WRITABLE},
        {"\"/with space\" *(rw)", "/with space all " WRITABLE},
        {"/with\\040space *(rw)", "/with space all " WRITABLE},
        {"/with\"\\040\"space *(rw)", "/with space all " WRITABLE},
        {"/quote\\042 *(rw)", "/quote\" all " WRITABLE},
        {"/back\\slash *(rw)", "/back\\slash all " WRITABLE},
        {"/data \\\n   192.0.2.1(rw) \\\n   192.0.2.2(rw)\n",
         "/data 192.0.2.1 192.0.2.2 " WRITABLE},
        {"/data\\\n*(rw)", "/data all " WRITABLE},
        {"/data 192.0.2.1(rw)\n/data 192.0.2.2(rw)\n", "/data 192.0.2.1 192.0.2.2 " WRITABLE},
        {"/data 192.0.2.1(rw) 192.0.2.1(rw)\n", "/data 192.0.2.1 " WRITABLE},
        {"/data 192.0.2.1(rw)192.0.2.2(rw)\n", "/data 192.0.2.1 192.0.2.2 " WRITABLE},
        {"/data 192.0.2.77/24", "/data 192.0.2.0/24 " USUAL},
        {"/data 192.0.2.77/255.255.255.0", "/data 192.0.2.0/24 " USUAL},
        {"/data 192.0.2.77/32", "/data 192.0.2.77 " USUAL},
        {"/data 192.0.2.77/0", "/data 0.0.0.0/0 " USUAL},
        {"/data 192.0.2.77/0.0.0.0", "/data 0.0.0.0/0 " USUAL},
        {"/data 2001:DB8::1", "/data 2001:db8::1 " USUAL},
        {"/data 2001:db8:1::/33", "/data 2001:db8::/33 " USUAL},
        {"/data 2001:db8::1/ffff:ffff::", "/data 2001:db8::/32 " USUAL},
        {"/data known.example", "/data 192.0.2.7 2001:db8::7 " USUAL},
        {"/data -rw,async 192.0.2.1 192.0.2.2(sync,async)",
         "/data 192.0.2.1 192.0.2.2 rw,async,secure,root_squash,anonuid=65534,anongid=65534"},
        {"/data *(rw,async,insecure,no_root_squash,anonuid=7,anongid=8,fsid=9,sec=sys)",
         "/data all rw,async,insecure,no_root_squash,anonuid=7,anongid=8,fsid=9"},
        {"/data *(sec=krb5p:unix:sys:null,xprtsec=mtls:tls)",
         "/data all " USUAL ",sec=krb5p:sys:none,xprtsec=mtls:tls"},
        {"/data -sec=krb5i 192.0.2.1 192.0.2.2", "/data 192.0.2.1 192.0.2.2 " USUAL ",sec=krb5i"},
        {"/data gss/krb5p", "/data all " USUAL ",sec=krb5p"},
        {"/data gss/krb5i(rw) gss/krb5(rw) gss/krb5i(rw)", "/data all " WRITABLE ",sec=krb5i:krb5"},
        {"/data *(rw) gss/krb5(rw,sec=sys)", "/data all " WRITABLE ",sec=sys:krb5"},
        {"/data *(rw,security_label)", "/data all " WRITABLE ",security_label"},
        {"/data *(all_squash)", "/data all ro,sync,secure,all_squash,anonuid=65534,anongid=65534"},
        {"/data *(all_squash,no_all_squash)", "/data all " USUAL},
        {"/data *(rw,ro)", "/data all " USUAL}, /* the last one counts */
        {"/a *(rw)\r\n/b *(ro)\r\n", "/a all " WRITABLE "; /b all " USUAL},
    };
    char text[1024];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct exports_file file;

        parse(&file, rows[i].text);
        assert_string_equal(shown(&file, text, sizeof(text)), rows[i].exports);
        exports_file_fini(&file);
    }
}

static enum exports_verdict verdict_of(const struct exports_file *file, const char *about)
{
    for (uint32_t i = 0; i < file->remark_count; i++) {
        if (file->remarks[i].about && strcmp(file->remarks[i].about, about) == 0)
            return file->remarks[i].verdict;
    }
    fail_msg("nothing is said of %s", about);
    return EXPORTS_REFUSED;
}

/* Each option that can do no harm is either taken or said to mean nothing. */
static void verdicts(void **state)
{
    static const char *const taken[] = {"rw",       "async",     "insecure",      "no_root_squash",
                                        "sec=krb5", "anonuid=1", "no_all_squash", "fsid=3",
                                        "anongid=2"};
    static const char *const meaningless[] = {
        "subtree_check", "no_subtree_check", "wdelay",         "no_wdelay", "hide",
        "nohide",        "secure_locks",     "insecure_locks", "auth_nlm",  "acl",
        "no_acl",        "nordirplus",       "no_pnfs",        "pnfs",      "no_auth_nlm"};
    char text[1024];
    size_t len = (size_t)sprintf(text, "# first\n/data known.example(xprtsec=none,reexport=none");
    struct exports_file file;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        len += (size_t)sprintf(text + len, ",%s", taken[i]);
    for (size_t i = 0; i < ARRAY_SIZE(meaningless); i++)
        len += (size_t)sprintf(text + len, ",%s", meaningless[i]);
    (void)sprintf(text + len, ")\n");
    parse(&file, text);
    for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
        assert_int_equal(verdict_of(&file, taken[i]), EXPORTS_TAKEN);
    for (size_t i = 0; i < ARRAY_SIZE(meaningless); i++)
        assert_int_equal(verdict_of(&file, meaningless[i]), EXPORTS_MEANINGLESS);
    for (uint32_t i = 0; i < file.remark_count; i++) {
        assert_int_equal(file.remarks[i].line, 2);
        assert_string_equal(file.remarks[i].path, "/data");
        assert_int_equal(file.remarks[i].verdict == EXPORTS_MEANINGLESS && !file.remarks[i].why, 0);
    }
    assert_int_equal(file.remark_count, ARRAY_SIZE(taken) + ARRAY_SIZE(meaningless) + 3);
    assert_string_equal(file.remarks[file.remark_count - 1].why,
                        "as the addresses that it has now: 192.0.2.7 2001:db8::7");
    exports_file_fini(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_made),
        cmocka_unit_test(verdicts),
    };

    return test_group_run(tests);
}
