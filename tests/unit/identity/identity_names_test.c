/* SPDX-License-Identifier: Apache-2.0 */
/* Owners as text, and back: RFC 8881 §5.9. */
#include "identity/identity_names.h"

#include "lib/test.h"

static enum identity_found database_ask(enum identity_question question, uint32_t id,
                                        const char *name, struct identity **answer)
{
    static const char *const odd[] = {"alice", "a@b", ""};

    switch (question) {
    case IDENTITY_ASK_USER:
    case IDENTITY_ASK_GROUP:
        if (id >= ARRAY_SIZE(odd))
            return IDENTITY_UNKNOWN;
        *answer = identity_create(IDENTITY_FROM_DATABASE, id, id, odd[id], NULL, 0);
        return IDENTITY_FOUND;
    case IDENTITY_ASK_USER_ID:
    case IDENTITY_ASK_GROUP_ID:
        if (strcmp(name, "alice") != 0)
            return IDENTITY_UNKNOWN;
        *answer = identity_create(IDENTITY_FROM_DATABASE, 10, 20, name, NULL, 0);
        return IDENTITY_FOUND;
    case IDENTITY_ASK_DOMAIN:
        *answer = identity_create(IDENTITY_FROM_DATABASE, 0, 0, "host.example", NULL, 0);
        return IDENTITY_FOUND;
    default:
        return IDENTITY_FAILED;
    }
}

static const struct identity_source database = {.ask = database_ask};

static struct identity_cache *cache_make(const char *domain)
{
    const struct identity_config config = {.domain = domain, .ttl_s = 600, .source = &database};
    char error[IDENTITY_MAP_ERROR_BYTES];
    struct identity_cache *cache = identity_cache_create(&config, error);

    assert_non_null(cache);
    return cache;
}

static const char *name_of(struct identity_cache *cache, enum identity_kind kind, uint32_t id)
{
    static char text[IDENTITY_NAME_BYTES];
    uint32_t len;
    enum identity_named named = identity_name_of(cache, kind, id, IDENTITY_WAIT, text, &len);

    assert_int_equal(len, strlen(text));
    assert_int_equal(named, strcmp(text, "nobody") == 0 ? IDENTITY_UNNAMED : IDENTITY_NAMED);
    return text;
}

static void names(void **unused)
{
    struct identity_cache *cache = cache_make("lab.example");
    char text[IDENTITY_NAME_BYTES];
    uint32_t len;

    (void)unused;
    assert_int_equal(identity_name_of(cache, IDENTITY_USER, 0, IDENTITY_NO_WAIT, text, &len),
                     IDENTITY_LATER);
    assert_string_equal(text, "nobody");
    assert_string_equal(name_of(cache, IDENTITY_USER, 0), "alice@lab.example");
    assert_int_equal(identity_name_of(cache, IDENTITY_USER, 0, IDENTITY_NO_WAIT, text, &len),
                     IDENTITY_NAMED);
    assert_string_equal(name_of(cache, IDENTITY_GROUP, 0), "alice@lab.example");
    assert_string_equal(name_of(cache, IDENTITY_USER, 1), "nobody");
    assert_string_equal(name_of(cache, IDENTITY_USER, 2), "nobody");
    assert_string_equal(name_of(cache, IDENTITY_USER, 3), "nobody");
    identity_cache_destroy(cache);
    cache = cache_make(NULL);
    assert_string_equal(name_of(cache, IDENTITY_USER, 0), "alice@host.example");
    identity_cache_destroy(cache);
}

static void numbers(void **unused)
{
    static const struct {
        const char *text;
        enum identity_named named;
    } rows[] = {
        {"alice@lab.example", IDENTITY_NAMED},
        {"alice@LAB.Example", IDENTITY_NAMED},
        {"bob@lab.example", IDENTITY_UNNAMED},
        {"alice@evil.example", IDENTITY_UNNAMED},
        {"alice", IDENTITY_UNNAMED},
        {"alice@", IDENTITY_UNNAMED},
        {"@lab.example", IDENTITY_UNNAMED},
        {"alice@lab.example.", IDENTITY_UNNAMED},
        {"", IDENTITY_UNNAMED},
        {"alice@x@lab.example", IDENTITY_UNNAMED},
        {"alice@lab.exampl", IDENTITY_UNNAMED},
        {"nobody", IDENTITY_UNNAMED},
    };
    struct identity_cache *cache = cache_make("lab.example");
    uint32_t id;

    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const uint32_t len = (uint32_t)strlen(rows[i].text);

        for (enum identity_kind kind = IDENTITY_USER; kind <= IDENTITY_GROUP; kind++) {
            id = 0;
            if (identity_id_of(cache, kind, rows[i].text, len, IDENTITY_WAIT, &id) != rows[i].named)
                fail_msg("%s", rows[i].text);
            if (rows[i].named == IDENTITY_NAMED)
                assert_int_equal(id, kind == IDENTITY_USER ? 10 : 20);
        }
    }
    assert_int_equal(
        identity_id_of(cache, IDENTITY_USER, "al\0ice@lab.example", 18, IDENTITY_WAIT, &id),
        IDENTITY_UNNAMED);
    identity_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(numbers),
    };

    return test_group_run(tests);
}
