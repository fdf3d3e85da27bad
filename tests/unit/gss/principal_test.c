/* SPDX-License-Identifier: Apache-2.0 */
/* Principals: who is a machine, whose names are refused, and what makes two the same. */
#include "gss/gss_principal.h"

#include "base/limits.h"
#include "lib/test.h"

static struct gss_principal *principal(const char *name)
{
    return gss_principal_create(name, name, strlen(name));
}

struct sample {
    const char *name, *realm;
    bool machine;
};

static const struct sample samples[] = {
    {"alice@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"alice", "", false},
    {"alice/admin@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"host/client.lab.example@LAB.EXAMPLE", "LAB.EXAMPLE", true},
    {"nfs/client@LAB.EXAMPLE", "LAB.EXAMPLE", true},
    {"root/client@LAB.EXAMPLE", "LAB.EXAMPLE", true},
    {"host@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"host/@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"host/a/b@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"host/client", "", false},
    {"hosts/client@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"HOST/client@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"host\\/client@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"alice\\@TRUSTED@LAB.EXAMPLE", "LAB.EXAMPLE", false},
    {"CLIENT$@AD.EXAMPLE", "AD.EXAMPLE", false},
    {"j\xc3\xb6rg@LAB.EXAMPLE", "LAB.EXAMPLE", false},
};

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
        struct gss_principal *made = principal(samples[i].name);

        assert_non_null(made);
        assert_string_equal(made->name, samples[i].name);
        assert_string_equal(made->realm, samples[i].realm);
        if (made->machine != samples[i].machine)
            fail_msg("%s", samples[i].name);
        assert_true(made->id > 0 && made->id <= INT64_MAX);
        gss_principal_put(made);
    }
}

/* Control characters, what is not UTF-8, and what is too long to be whole. */
static void test_refused(void **state)
{
    static const char *const names[] = {
        "",        "a\nb@R",      "a\x7f@R",         "a\x1b[2J@R",          "a\xff@R",
        "a\xc3@R", "a\xc0\x80@R", "a\xed\xa0\x80@R", "a\xf5\x80\x80\x80@R", "a\xe2\x82",
    };
    char name[LIMIT_GSS_NAME_BYTES + 1];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (gss_principal_create(names[i], "x", 1))
            fail_msg("name %zu", i);
    }
    memset(name, 'a', sizeof(name));
    name[LIMIT_GSS_NAME_BYTES] = '\0';
    assert_null(principal(name));
    name[LIMIT_GSS_NAME_BYTES - 1] = '\0';
    gss_principal_put(principal(name));
    assert_null(gss_principal_create("alice@R", "", 0));
    assert_null(gss_principal_create("alice@R", name, LIMIT_GSS_EXPORTED_BYTES + 1));
}

/* The same by their exported names, whatever is displayed. */
static void test_same(void **state)
{
    struct gss_principal *alice = gss_principal_create("alice@R", "\0alice\0R", 8);
    struct gss_principal *again = gss_principal_create("alice@R", "\0alice\0R", 8);
    struct gss_principal *other = gss_principal_create("alice@R", "\0alice\0S", 8);

    (void)state;
    assert_true(alice->id == again->id);
    assert_false(alice->id == other->id);
    assert_int_equal(alice->exported_bytes, 8);
    assert_memory_equal(alice->exported, "\0alice\0R", 8);
    assert_ptr_equal(gss_principal_get(alice), alice);
    gss_principal_put(alice);
    assert_string_equal(alice->name, "alice@R");
    gss_principal_put(alice);
    gss_principal_put(again);
    gss_principal_put(other);
    assert_null(gss_principal_get(NULL));
    gss_principal_put(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_same),
    };

    return test_group_run(tests);
}
