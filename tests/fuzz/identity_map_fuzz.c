/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Map files of identities: what is taken answers for each of its lines and for whatever else it
 * contains; what is not has a mistake in a line that is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/identity_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t lines_count(const uint8_t *data, size_t size)
{
    uint32_t lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

static void check_error(const char *error, uint32_t lines)
{
    unsigned line;

    CHECK(memchr(error, '\0', IDENTITY_MAP_ERROR_BYTES));
    CHECK(sscanf(error, "map:%u: ", &line) == 1 && line >= 1 && line <= lines);
    for (const char *c = error; *c; c++)
        CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void check_identity(const struct identity_map *map, struct identity *identity)
{
    CHECK(identity->origin == IDENTITY_FROM_MAP || identity->origin == IDENTITY_FROM_NOBODY);
    CHECK(identity->origin == IDENTITY_FROM_MAP || identity->uid == IDENTITY_NOBODY);
    CHECK(identity->gid_count <= LIMIT_CALLER_GIDS && !strchr(identity->name, '/'));
    for (uint32_t i = 1; i < identity->gid_count; i++)
        CHECK(identity->gids[i - 1] < identity->gids[i]);
    if (identity->origin == IDENTITY_FROM_MAP && identity->name[0]) {
        struct identity *user = identity_map_user(map, identity->uid);

        CHECK(user && user->uid == identity->uid);
        identity_put(user);
        user = identity_map_user_named(map, identity->name);
        CHECK(user && strcmp(user->name, identity->name) == 0);
        identity_put(user);
    }
    identity_put(identity);
}

/* Only such names are those of machines. */
static bool is_machine(const char *word)
{
    const char *slash = strchr(word, '/'), *at = strrchr(word, '@');

    return slash && at && slash < at;
}

static void ask(const struct identity_map *map, const char *principal, bool machine, uint32_t lines)
{
    const uint32_t line = identity_map_line_of_principal(map, principal, machine);
    struct identity *identity = NULL;
    char account[IDENTITY_WORD_BYTES] = "";
    enum identity_map_answer said =
        identity_map_principal(map, principal, machine, &identity, account);

    CHECK((said == IDENTITY_MAP_NOTHING) == (line == 0) && line <= lines);
    CHECK((said == IDENTITY_MAP_IDENTITY) == (identity != NULL));
    CHECK(said != IDENTITY_MAP_ANY_ACCOUNT || (!machine && account[0]));
    if (identity)
        check_identity(map, identity);
}

/* Each word of the file, and the same word of another realm, which is not cut off. */
static void ask_all(const struct identity_map *map, const uint8_t *data, size_t size,
                    uint32_t lines)
{
    char *text = malloc(size + 1), *state = NULL, other[IDENTITY_WORD_BYTES + 8];

    CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *word = strtok_r(text, " \t\r\n#", &state); word;
         word = strtok_r(NULL, " \t\r\n#", &state)) {
        ask(map, word, is_machine(word), lines);
        (void)snprintf(other, sizeof(other), "%s@NOT", word);
        ask(map, other, is_machine(other), lines);
        identity_put(identity_map_group_named(map, word));
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[IDENTITY_MAP_ERROR_BYTES] = "";
    const uint32_t lines = lines_count(data, size);
    struct identity_map *map;

    if (size > LIMIT_IDENTITY_MAP_BYTES)
        return 0;
    map = identity_map_parse("map", (const char *)data, size, error);
    if (map) {
        CHECK(identity_map_lines(map) <= lines &&
              identity_map_lines(map) <= LIMIT_IDENTITY_MAP_LINES);
        ask_all(map, data, size, lines);
    } else {
        check_error(error, lines);
    }
    identity_map_destroy(map);
    return 0;
}
