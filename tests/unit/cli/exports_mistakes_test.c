/* SPDX-License-Identifier: Apache-2.0 */
/* Files in the format of exports(5) that are refused: each fault with its line, what it is about,
 * and what would be right; all faults of a file in one run. */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/exports_file.h"
#include "lib/test.h"

/* Names of these tests; nobody asks a resolver. */
static uint32_t resolve(const char *name, char (*addresses)[EXPORTS_ADDRESS_BYTES], uint32_t max)
{
    (void)max;
    if (strcmp(name, "known.example") != 0)
        return 0;
    (void)snprintf(addresses[0], EXPORTS_ADDRESS_BYTES, "192.0.2.7");
    return 1;
}

#define LONG_100                                                                                   \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"                                           \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
    const char *text;
    uint32_t line;
    const char *about; /* NULL: the line */
    const char *why;   /* a part of it */
} mistakes[] = {
    /* paths */
    {"srv *(rw)\n", 1, "srv", "expected an absolute path; for example /srv/data"},
    {"\n\n  data\n", 3, "data", "expected an absolute path"},
    {"/a/../b *(rw)\n", 1, "/a/../b", "a path has no . and .. in it"},
    {"/a/. *(rw)\n", 1, "/a/.", "a path has no . and .. in it"},
    {"/" LONG_100 LONG_100 LONG_100 " *(rw)\n", 1, NULL, "the path is too long"},
    {"\"/a b *(rw)\n/c *\n", 1, NULL, "a quote that nothing closes before the end of the line"},
    {"/a\\000b *(rw)\n", 1, NULL, "a NUL byte"},
    {"/a\\777b *(rw)\n", 1, NULL, "an octal escape stands for more than a byte"},
    {"\"\" *(rw)\n", 1, NULL, "expected an absolute path"},
    {"*(rw)\n", 1, "*(rw)", "expected an absolute path"},
    {"-ro *(rw)\n", 1, "-ro", "expected an absolute path"},
    /* clients */
    {"/a *.example(rw)\n", 1, "*.example", "no wildcard can be matched"},
    {"/a host?.example(rw)\n", 1, "host?.example", "no wildcard can be matched"},
    {"/a host[1-3](rw)\n", 1, "host[1-3]", "no wildcard can be matched"},
    {"/a 192.0.2.*(rw)\n", 1, "192.0.2.*", "no wildcard can be matched"},
    {"/a @trusted(rw)\n", 1, "@trusted", "netgroups are not looked up"},
    {"/a [2001:db8::1](rw)\n", 1, "[2001:db8::1]", "without brackets"},
    {"/a fe80::1%eth0(rw)\n", 1, "fe80::1%eth0", "addresses with a zone"},
    {"/a 192.0.2.0/33(rw)\n", 1, "192.0.2.0/33", "the mask is neither 0 to 32"},
    {"/a 192.0.2.0/(rw)\n", 1, "192.0.2.0/", "the mask is neither 0 to 32"},
    {"/a 192.0.2.0/24/24(rw)\n", 1, "192.0.2.0/24/24", "the mask is neither"},
    {"/a 192.0.2.0/-1(rw)\n", 1, "192.0.2.0/-1", "the mask is neither"},
    {"/a 192.0.2.0/0024(rw)\n", 1, "192.0.2.0/0024", "the mask is neither"},
    {"/a 192.0.2.0/99999999999(rw)\n", 1, "192.0.2.0/99999999999", "the mask is neither"},
    {"/a 192.0.2.0/255.0.255.0(rw)\n", 1, "192.0.2.0/255.0.255.0", "whose ones come first"},
    {"/a 192.0.2.0/0.0.0.255(rw)\n", 1, "192.0.2.0/0.0.0.255", "whose ones come first"},
    {"/a 192.0.2.0/ffff::(rw)\n", 1, "192.0.2.0/ffff::", "the mask is neither"},
    {"/a 2001:db8::/129(rw)\n", 1, "2001:db8::/129", "the mask is neither 0 to 128"},
    {"/a 2001:db8::/255.0.0.0(rw)\n", 1, "2001:db8::/255.0.0.0", "the mask is neither 0 to 128"},
    {"/a known.example/24(rw)\n", 1, "known.example/24", "what stands before the slash"},
    {"/a /24(rw)\n", 1, "/24", "what stands before the slash is no address"},
    {"/a 192.0.2.300(rw)\n", 1, "192.0.2.300", "not a whole address"},
    {"/a 192.0.2(rw)\n", 1, "192.0.2", "not a whole address"},
    {"/a 192.168.(rw)\n", 1, "192.168.", "not a whole address"},
    {"/a 2001:db8(rw)\n", 1, "2001:db8", "not a whole address"},
    {"/a nobody.example(rw)\n", 1, "nobody.example", "no address that can be found"},
    {"/a no..such,host(rw)\n", 1, "no..such,host", "neither a host nor a network"},
    {"/a .example(rw)\n", 1, ".example", "neither a host nor a network"},
    {"/a h\303\266st(rw)\n", 1, "h\303\266st", "neither a host nor a network"},
    /* options */
    {"/a *(wr)\n", 1, "wr", "no option of exports(5)"},
    {"/a *(no_root_squach)\n", 1, "no_root_squach", "did you mean 'no_root_squash'?"},
    {"/a *(rw,,sync)\n", 1, NULL, "an option is missing between two commas"},
    {"/a *(rw,)\n", 1, NULL, "an option is missing between two commas"},
    {"/a *(rw=1)\n", 1, "rw=1", "the option takes no value"},
    {"/a *(anonuid)\n", 1, "anonuid", "the number of a user"},
    {"/a *(anonuid=nobody)\n", 1, "anonuid=nobody", "the number of a user"},
    {"/a *(anonuid=-2)\n", 1, "anonuid=-2", "the number of a user"},
    {"/a *(anongid=4294967296)\n", 1, "anongid=4294967296", "the number of a group"},
    {"/a *(anongid=)\n", 1, "anongid=", "the number of a group"},
    {"/a *(fsid=0)\n", 1, "fsid=0",
     "exported at the path /; remove the option, and say after the import: mainstay export add "
     "'/=local:/a,ro,secure'"},
    {"/a -ro,fsid=root 192.0.2.0/255.255.255.0 192.0.2.7\n", 1, "fsid=0",
     "mainstay export add '/=local:/a,ro,secure,client=192.0.2.0/24,client=192.0.2.7'"},
    {"/a *(rw,async,insecure,all_squash,anonuid=7,anongid=8,fsid=0)\n", 1, "fsid=0",
     "'/=local:/a,rw,async,insecure,all_squash,anonuid=7,anongid=8'"},
    {"/a *(fsid=0,security_label)\n", 1, "fsid=0", "'/=local:/a,ro,secure,security_label'"},
    {"/a 192.0.2.1(security_label) 192.0.2.2\n", 1, "192.0.2.2", "security_label"},
    {"/a *(no_root_squash,fsid=0)\n", 1, "fsid=0", "'/=local:/a,ro,secure,no_root_squash'"},
    {"/b *.example(sec=lkey)\n", 1, "sec=lkey", "expected flavors out of krb5p"},
    {"/a *(sec=krb5,fsid=0,xprtsec=tls)\n", 1, "fsid=0",
     "'/=local:/a,ro,secure,sec=krb5,xprtsec=tls'"},
    {"/a *(fsid=6ba7b810-9dad-11d1-80b4-00c04fd430c8)\n", 1,
     "fsid=6ba7b810-9dad-11d1-80b4-00c04fd430c8", "expected a number from 1"},
    {"/a *(fsid=99999999999999999999)\n", 1, "fsid=99999999999999999999",
     "expected a number from 1"},
    {"/a *(sec=krb5:spkm3)\n", 1, "sec=krb5:spkm3", "for example sec=krb5p:krb5"},
    {"/a *(sec)\n", 1, "sec", "expected flavors"},
    {"/a *(sec=sys,ro,sec=krb5,rw)\n", 1, "sec=krb5", "options that differ by flavor"},
    {"/a *(xprtsec=ssl)\n", 1, "xprtsec=ssl", "expected words out of none, tls and mtls"},
    {"/a gss/spkm3(rw)\n", 1, "gss/spkm3", "expected gss/krb5, gss/krb5i or gss/krb5p"},
    {"/a 192.0.2.1(rw) gss/krb5(rw)\n", 1, "gss/krb5", "sec=krb5, but line 1 has"},
    {"/a gss/krb5(rw) gss/krb5i(ro)\n", 1, "gss/krb5i", "an export has one set of options"},
    {"/a *(crossmnt)\n", 1, "crossmnt", "are not entered"},
    {"/a *(mp)\n", 1, "mp", "without its file system"},
    {"/a *(mountpoint=/a)\n", 1, "mountpoint=/a", "without its file system"},
    {"/a *(refer=/b@192.0.2.9)\n", 1, "refer=/b@192.0.2.9", "not referred to other servers"},
    {"/a *(replicas=/b@192.0.2.9)\n", 1, "replicas=/b@192.0.2.9", "not told of other servers"},
    {"/a *(reexport=auto-fsidnum)\n", 1, "reexport=auto-fsidnum", "not exported again"},
    {"/a *(v4root)\n", 1, "v4root", "for the kernel's server alone"},
    {"/a -rw,whatever 192.0.2.7\n", 1, "whatever", "no option of exports(5)"},
    /* lists of options */
    {"/a *(rw\n/b *(ro)\n", 1, NULL, "has no ')' after 'rw'"},
    {"/a *(rw, sync)\n", 1, NULL, "has no ')' after 'rw,'; it stands without spaces"},
    {"/a *(rw", 1, NULL, "has no ')'"},
    {"/a *)rw(\n", 1, NULL, "a ')' without its '('"},
    {"/a *rw)\n", 1, NULL, "a ')' without its '('"},
    {"/a *(\"rw)\n", 1, NULL, "a quote that nothing closes"},
    /* what cannot be one export */
    {"/a 192.0.2.1(rw) 192.0.2.2(ro)\n", 1, "192.0.2.2", "an export has one set of options"},
    {"/a 192.0.2.1 (rw)\n", 1, "everybody", "an export has one set of options"},
    {"/a 192.0.2.1(rw)\n/b *(ro)\n/a *(ro)\n", 3, "*", "but line 1 has rw,sync"},
    {"/a 192.0.2.1(rw)\n//a/ 192.0.2.2(rw,async)\n", 2, "192.0.2.2", "mainstay export add"},
    {"/a 192.0.2.1(rw,anonuid=1) \\\n  192.0.2.2(rw,anonuid=2)\n", 2, "192.0.2.2", "anonuid=2"},
    {"/a *(fsid=7)\n/b *(fsid=7)\n", 2, "fsid", "line 1 has the same"},
};

static const struct exports_remark *refusal(const struct exports_file *file)
{
    for (uint32_t i = 0; i < file->remark_count; i++) {
        if (file->remarks[i].verdict == EXPORTS_REFUSED)
            return &file->remarks[i];
    }
    return NULL;
}

static void faults_named(void **state)
{
    (void)state;
    assert_true(ARRAY_SIZE(mistakes) >= 50);
    for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
        const struct exports_remark *found;
        struct exports_file file;

        exports_file_parse(&file, mistakes[i].text, strlen(mistakes[i].text), resolve);
        found = refusal(&file);
        if (!file.is_refused || !found || found->line != mistakes[i].line || !found->why ||
            !strstr(found->why, mistakes[i].why) ||
            (mistakes[i].about && (!found->about || strcmp(found->about, mistakes[i].about) != 0)))
            fail_msg("%s: line %u, %s: %s", mistakes[i].text, found ? found->line : 0,
                     found && found->about ? found->about : "-",
                     found && found->why ? found->why : "not refused");
        exports_file_fini(&file);
    }
}

static uint32_t refusals(const struct exports_file *file)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < file->remark_count; i++)
        count += file->remarks[i].verdict == EXPORTS_REFUSED;
    return count;
}

/* One fault a line, and good lines between them. */
static void faults_all_in_one_run(void **state)
{
    static const char text[] = "/a @group(rw)\n"
                               "/b 192.0.2.1(rw)\n"
                               "relative *(rw)\n"
                               "/c *(rw, sync) 192.0.2.2(ro)\n"
                               "/d 192.0.2.0/24(rw,crossmnt,sec=lkey)\n"
                               "/e 192.0.2.0/24(rw)\n"
                               "/f \"unclosed\n";
    struct exports_file file;

    (void)state;
    exports_file_parse(&file, text, strlen(text), resolve);
    assert_int_equal(refusals(&file), 6);
    for (uint32_t i = 1; i < file.remark_count; i++)
        assert_true(file.remarks[i - 1].line <= file.remarks[i].line);
    assert_int_equal(file.count, 2); /* /b and /e */
    exports_file_fini(&file);
}

/* What is refused is not taken as well, and a refused option does not hide what is wrong with its
 * client. */
static void one_verdict(void **state)
{
    static const char text[] = "/a 192.0.2.0/24(rw) 192.0.2.7(ro) *.example(rw,sec=lkey)\n"
                               "/b *(fsid=0)\n";
    static const struct {
        const char *about;
        enum exports_verdict verdict;
    } wanted[] = {
        {"rw", EXPORTS_TAKEN},          {"192.0.2.0/24", EXPORTS_TAKEN},
        {"ro", EXPORTS_TAKEN},          {"192.0.2.7", EXPORTS_REFUSED},
        {"rw", EXPORTS_TAKEN},          {"sec=lkey", EXPORTS_REFUSED},
        {"*.example", EXPORTS_REFUSED}, {"*", EXPORTS_TAKEN},
        {"fsid=0", EXPORTS_REFUSED},
    };
    struct exports_file file;

    (void)state;
    exports_file_parse(&file, text, strlen(text), resolve);
    for (uint32_t i = 0; i < file.remark_count && i < ARRAY_SIZE(wanted); i++) {
        assert_string_equal(file.remarks[i].about, wanted[i].about);
        assert_int_equal(file.remarks[i].verdict, wanted[i].verdict);
    }
    assert_int_equal(file.remark_count, ARRAY_SIZE(wanted));
    exports_file_fini(&file);
}

/* More remarks, exports and clients than there may be. */
static void bounds(void **state)
{
    enum {
        LINES = 12000
    };
    char *text = must_malloc(LINES * 32), *at = text;
    struct exports_file file;

    (void)state;
    for (int i = 0; i < LINES; i++)
        at += sprintf(at, "/x%d *(rw)\n", i);
    exports_file_parse(&file, text, (size_t)(at - text), resolve);
    assert_int_equal(file.count, LIMIT_EXPORTS);
    assert_int_equal(file.remark_count, LIMIT_EXPORTS_FILE_REMARKS);
    assert_true(file.remarks_left_out > 0 && file.is_refused);
    exports_file_fini(&file);
    at = text + sprintf(text, "/a");
    for (int i = 0; i < 100; i++)
        at += sprintf(at, " 198.51.100.%d(rw)", i);
    exports_file_parse(&file, text, (size_t)(at - text), resolve);
    assert_int_equal(file.entries[0].client_count, LIMIT_EXPORT_CLIENTS);
    assert_non_null(strstr(refusal(&file)->why, "name a network instead"));
    exports_file_fini(&file);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_named),
        cmocka_unit_test(faults_all_in_one_run),
        cmocka_unit_test(one_verdict),
        cmocka_unit_test(bounds),
    };

    return test_group_run(tests);
}
