/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/identity_map_line.h"

#include <string.h>

static const char bad_word[] = "a word is too long, or has a control character";

/* What is left of a line. */
struct rest {
    const char *p, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void blanks_skip(struct rest *rest)
{
    while (rest->p < rest->end && is_blank(*rest->p))
        rest->p++;
}

/* The next word.  False: it is too long, or has a control character. */
static bool word_next(struct rest *rest, char word[IDENTITY_WORD_BYTES])
{
    size_t len = 0;

    blanks_skip(rest);
    for (; rest->p < rest->end && !is_blank(*rest->p) && *rest->p != '#'; rest->p++) {
        if (len + 1 >= IDENTITY_WORD_BYTES || (unsigned char)*rest->p < 0x20)
            return false;
        word[len++] = *rest->p;
    }
    word[len] = '\0';
    return true;
}

static bool is_done(struct rest *rest)
{
    blanks_skip(rest);
    return rest->p == rest->end || *rest->p == '#';
}

/* A number, which ends with the line, a blank, a comment or `end`. */
static bool id_take(struct rest *rest, char end, uint32_t *id)
{
    const char *start = rest->p;
    uint64_t v = 0;

    for (; rest->p < rest->end && *rest->p >= '0' && *rest->p <= '9'; rest->p++) {
        v = v * 10 + (uint64_t)(*rest->p - '0');
        if (v >= UINT32_MAX)
            return false;
    }
    *id = (uint32_t)v;
    return rest->p > start &&
           (rest->p == rest->end || *rest->p == end || *rest->p == '#' || is_blank(*rest->p));
}

static bool char_take(struct rest *rest, char c)
{
    if (rest->p == rest->end || *rest->p != c)
        return false;
    rest->p++;
    return true;
}

static const char *ids_parse(struct rest *rest, struct identity_map_line *line)
{
    if (!id_take(rest, ':', &line->uid) || !char_take(rest, ':') || !id_take(rest, ',', &line->gid))
        return "expected UID:GID[,GID...], account [NAME], or nobody";
    while (char_take(rest, ',')) {
        if (line->gid_count == LIMIT_CALLER_GIDS)
            return "too many groups";
        if (!id_take(rest, ',', &line->gids[line->gid_count++]))
            return "expected numbers of groups, separated by commas";
    }
    line->kind = IDENTITY_LINE_IDS;
    return NULL;
}

static const char *group_parse(struct rest *rest, struct identity_map_line *line)
{
    if (!word_next(rest, line->name) || !line->name[0] || strchr(line->name, '@'))
        return "expected: group NAME GID";
    blanks_skip(rest);
    if (!id_take(rest, ' ', &line->gid))
        return "expected: group NAME GID";
    line->kind = IDENTITY_LINE_GROUP;
    return NULL;
}

/* The realm is behind the last '@'; there is something on either side.  A `*` is all there is
 * before it. */
static const char *principal_check(const char *name)
{
    const char *at = strrchr(name, '@');

    if (!at || at == name || !at[1])
        return "expected a principal, as in alice@REALM, or: group NAME GID";
    if (strchr(at, '*') || (strchr(name, '*') && (name[0] != '*' || at != name + 1)))
        return "* stands alone before the @: *@REALM";
    return NULL;
}

static const char *value_parse(struct rest *rest, struct identity_map_line *line)
{
    char word[IDENTITY_WORD_BYTES];

    blanks_skip(rest);
    if (rest->p == rest->end || *rest->p < 'a' || *rest->p > 'z')
        return ids_parse(rest, line);
    if (!word_next(rest, word))
        return bad_word;
    line->kind = IDENTITY_LINE_NOBODY;
    if (strcmp(word, "nobody") == 0)
        return NULL;
    line->kind = IDENTITY_LINE_ACCOUNT;
    if (strcmp(word, "account") != 0)
        return "expected UID:GID[,GID...], account [NAME], or nobody";
    if (!word_next(rest, line->account))
        return bad_word;
    return line->account[0] || line->name[0] == '*' ? NULL : "expected the name of the account";
}

const char *identity_map_line_parse(const char *text, size_t len, struct identity_map_line *line)
{
    struct rest rest = {text, text + len};
    const char *wrong;

    line->kind = IDENTITY_LINE_EMPTY;
    line->account[0] = '\0';
    line->uid = line->gid = IDENTITY_NOBODY;
    line->gid_count = 0;
    if (is_done(&rest))
        return NULL;
    if (!word_next(&rest, line->name))
        return bad_word;
    if (strcmp(line->name, "group") == 0) {
        wrong = group_parse(&rest, line);
    } else {
        wrong = principal_check(line->name);
        if (!wrong)
            wrong = value_parse(&rest, line);
    }
    if (!wrong && !is_done(&rest))
        wrong = "there is more than belongs on the line";
    return wrong;
}
