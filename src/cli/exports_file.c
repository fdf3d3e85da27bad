/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/exports_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "cli/exports_word.h"

/* The line that is being read. */
struct line {
    struct exports_file *file;
    struct exports_words *words;
    exports_resolve *resolve;
    char *path;
    struct exports_options usual; /* of clients without options */
    uint32_t clients;
};

/* ---- remarks ---- */

static char *copy(const char *text)
{
    return text && *text ? must_strdup(text) : NULL;
}

static void remark(const struct line *line, uint32_t number, enum exports_verdict verdict,
                   const char *about, const char *why)
{
    struct exports_file *file = line->file;
    uint32_t at;

    file->is_refused |= verdict == EXPORTS_REFUSED;
    if (file->remark_count == LIMIT_EXPORTS_FILE_REMARKS) {
        file->remarks_left_out++;
        return;
    }
    if (file->remark_count == file->remark_room) {
        file->remark_room = file->remark_room > 0 ? file->remark_room * 2 : 32;
        file->remarks = must_realloc(file->remarks, file->remark_room * sizeof(*file->remarks));
    }
    at = file->remark_count++;
    for (; at > 0 && file->remarks[at - 1].line > number; at--)
        file->remarks[at] = file->remarks[at - 1];
    file->remarks[at] = (struct exports_remark){.line = number,
                                                .verdict = verdict,
                                                .path = copy(line->path),
                                                .about = copy(about),
                                                .why = copy(why)};
}

static void refuse(const struct line *line, uint32_t number, const char *about, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

static void refuse(const struct line *line, uint32_t number, const char *about, const char *format,
                   ...)
{
    char why[2 * EXPORTS_WHY_BYTES];
    char shown[128]; /* of what may be much longer */
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    (void)snprintf(shown, sizeof(shown), "%s", about ? about : "");
    remark(line, number, EXPORTS_REFUSED, shown, why);
}

/* ---- paths ---- */

/* Remove double slashes and the last one.  What is wrong with the path, or NULL. */
static const char *path_normalise(char *path)
{
    size_t len = 0;

    if (*path != '/')
        return "expected an absolute path";
    for (const char *c = path; *c;) {
        size_t part;

        c += strspn(c, "/");
        part = strcspn(c, "/");
        if (part == 0)
            break;
        if ((part == 1 && c[0] == '.') || (part == 2 && c[0] == '.' && c[1] == '.'))
            return "a path has no . and .. in it";
        if (part > LIMIT_NAME_BYTES || len + part + 2 > LIMIT_PATH_BYTES)
            return "the path is too long";
        path[len++] = '/';
        memmove(path + len, c, part);
        c += part;
        len += part;
    }
    path[len > 0 ? len : 1] = '\0';
    return NULL;
}

/* ---- entries ---- */

static struct exports_entry *entry_lookup(const struct exports_file *file, const char *path)
{
    for (uint32_t i = 0; i < file->count; i++) {
        if (strcmp(file->entries[i].path, path) == 0)
            return &file->entries[i];
    }
    return NULL;
}

/* The entry of the line's path; NULL after refusing it. */
static struct exports_entry *entry_get(const struct line *line, uint32_t number,
                                       const struct exports_options *options)
{
    struct exports_file *file = line->file;
    struct exports_entry *entry = entry_lookup(file, line->path);

    if (entry)
        return entry;
    if (file->count == LIMIT_EXPORTS) {
        refuse(line, number, NULL, "more than %u exports", LIMIT_EXPORTS);
        return NULL;
    }
    if (file->count == file->room) {
        file->room = file->room > 0 ? file->room * 2 : 8;
        file->entries = must_realloc(file->entries, file->room * sizeof(*file->entries));
    }
    entry = &file->entries[file->count++];
    *entry = (struct exports_entry){
        .path = must_strdup(line->path), .line = number, .options = *options};
    return entry;
}

static bool entry_has(const struct exports_entry *entry, const char *address)
{
    for (uint32_t i = 0; i < entry->client_count; i++) {
        if (strcmp(entry->clients[i], address) == 0)
            return true;
    }
    return false;
}

/* False after refusing it. */
static bool entry_admit(const struct line *line, uint32_t number, struct exports_entry *entry,
                        const struct exports_addresses *addresses)
{
    entry->everybody |= addresses->everybody;
    for (uint32_t i = 0; i < addresses->count; i++) {
        if (entry_has(entry, addresses->of[i]))
            continue;
        if (entry->client_count == LIMIT_EXPORT_CLIENTS) {
            refuse(line, number, addresses->of[i],
                   "more than %u clients of one export; name a network instead",
                   LIMIT_EXPORT_CLIENTS);
            return false;
        }
        memcpy(entry->clients[entry->client_count++], addresses->of[i], EXPORTS_ADDRESS_BYTES);
    }
    return true;
}

/* ---- clients with their options ---- */

/* It is refused in the end: roots_refuse(). */
static bool is_root_option(const char *option)
{
    return strcmp(option, "fsid=0") == 0 || strcmp(option, "fsid=root") == 0;
}

/* Split a list at its commas, in place. */
static bool options_take(const struct line *line, const struct exports_word *list,
                         struct exports_options *options)
{
    char text[EXPORTS_WORD_BYTES], *rest = text;
    bool ok = true;

    memcpy(text, list->text, sizeof(text));
    if (!*text)
        return true; /* no option at all */
    while (rest) {
        char *option = strsep(&rest, ","), why[EXPORTS_WHY_BYTES];
        enum exports_verdict verdict = exports_option_take(options, option, why);

        if (verdict == EXPORTS_REFUSED)
            refuse(line, list->line, option, "%s", why);
        else if (!is_root_option(option))
            remark(line, list->line, verdict, option, why);
        ok &= verdict != EXPORTS_REFUSED;
    }
    return ok;
}

/* "(rw,sync)" if it comes next; else nothing changes.  False: the rest of the line cannot be
 * understood.  *good: none of the options was refused. */
static bool parenthesis_read(const struct line *line, struct exports_options *options, bool *good)
{
    struct exports_word list;
    const char *wrong;

    *good = true;
    if (!exports_words_take(line->words, '('))
        return true;
    wrong = exports_word_read(line->words, ")", &list);
    if (wrong) {
        refuse(line, list.line, NULL, "%s", wrong);
        return false;
    }
    if (!exports_words_take(line->words, ')')) {
        refuse(line, list.line, NULL,
               "the list of options has no ')' after '%.64s'; it stands without spaces, for "
               "example 192.0.2.7(rw,sync)",
               list.text);
        return false;
    }
    *good = options_take(line, &list, options);
    return true;
}

static void refuse_difference(const struct line *line, uint32_t number, const char *client,
                              const struct exports_entry *entry,
                              const struct exports_options *options)
{
    char here[EXPORTS_WHY_BYTES / 2], there[EXPORTS_WHY_BYTES / 2];

    refuse(line, number, *client ? client : "everybody",
           "has %s, but line %u has %s for the same path, and an export has one set of options; "
           "remove one of the two, and export the directory at a second path: mainstay export add "
           "/PATH=local:DIRECTORY,OPTIONS",
           exports_options_print(options, here, sizeof(here)), entry->line,
           exports_options_print(&entry->options, there, sizeof(there)));
}

/* A client, or everybody, is admitted with these options.  They are NULL if one of them was
 * refused: then it is only looked at. */
static void admit(struct line *line, const struct exports_word *client,
                  const struct exports_options *options)
{
    struct exports_options flavored;
    struct exports_addresses addresses;
    char why[EXPORTS_WHY_BYTES];
    enum exports_verdict verdict =
        exports_client_parse(client->text, line->resolve, &addresses, why);
    struct exports_entry *entry;

    if (verdict == EXPORTS_REFUSED) {
        refuse(line, client->line, client->text, "%s", why);
        return;
    }
    if (addresses.flavor && options) {
        flavored = *options;
        (void)snprintf(flavored.sec, sizeof(flavored.sec), "%s", addresses.flavor);
        options = &flavored;
    }
    entry = options ? entry_get(line, client->line, options) : NULL;
    if (entry && entry->everybody && addresses.everybody &&
        exports_options_alike(&entry->options, options)) {
        exports_security_add(entry->options.sec, options->sec);
        options = &entry->options;
    }
    if (entry && !exports_options_equal(&entry->options, options))
        refuse_difference(line, client->line, client->text, entry, options);
    else if (entry && entry_admit(line, client->line, entry, &addresses))
        remark(line, client->line, verdict, *client->text ? client->text : "everybody", why);
}

/* One word behind the path; false: the rest of the line cannot be understood. */
static bool client_read(struct line *line)
{
    struct exports_options options = line->usual;
    struct exports_word client;
    const char *wrong = exports_word_read(line->words, "(", &client);
    bool good;

    if (!wrong && strchr(client.text, ')'))
        wrong = "a ')' without its '('";
    if (wrong) {
        refuse(line, client.line, NULL, "%s", wrong);
        return false;
    }
    if (client.text[0] == '-') { /* options of the clients that follow */
        memmove(client.text, client.text + 1, strlen(client.text));
        (void)options_take(line, &client, &line->usual);
        return true;
    }
    line->clients++;
    if (!parenthesis_read(line, &options, &good))
        return false;
    admit(line, &client, good ? &options : NULL);
    return true;
}

/* ---- lines ---- */

static void clients_read(struct line *line, const struct exports_word *path)
{
    while (exports_words_next(line->words, false)) {
        if (!client_read(line)) {
            exports_words_skip(line->words);
            return;
        }
    }
    if (line->clients == 0) { /* as exportfs takes it, too */
        struct exports_word everybody = {.line = path->line};

        admit(line, &everybody, &line->usual);
    }
}

static void line_read(struct exports_file *file, struct exports_words *words,
                      exports_resolve *resolve)
{
    struct line line = {.file = file, .words = words, .resolve = resolve};
    struct exports_word path;
    const char *wrong = exports_word_read(words, "", &path);

    exports_options_init(&line.usual);
    if (!wrong)
        wrong = path_normalise(path.text);
    if (wrong) {
        refuse(&line, path.line, path.text, "%s; for example /srv/data 192.0.2.0/24(rw)", wrong);
        exports_words_skip(words);
        return;
    }
    line.path = path.text;
    clients_read(&line, &path);
}

static void fsids_compare(struct exports_file *file)
{
    for (uint32_t i = 0; i < file->count; i++) {
        struct exports_entry *entry = &file->entries[i];
        struct line line = {.file = file, .path = entry->path};

        for (uint32_t j = 0; j < i && entry->options.fsid != 0; j++) {
            if (file->entries[j].options.fsid == entry->options.fsid)
                refuse(&line, entry->line, "fsid", "line %u has the same; give it another one",
                       file->entries[j].line);
        }
    }
}

/* The command that exports the directory at "/", to the same clients, with the same options. */
static char *root_command(const struct exports_entry *entry)
{
    const struct exports_options *options = &entry->options;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    CHECK(out);
    (void)fprintf(out, "mainstay export add '/=local:%s,%s%s%s", entry->path,
                  options->read_write ? "rw" : "ro", options->async ? ",async" : "",
                  options->insecure ? ",insecure" : ",secure");
    if (exports_options_squash(options) != EXPORTS_ROOT_SQUASH)
        (void)fprintf(out, ",%s", options->squashes_all ? "all_squash" : "no_root_squash");
    if (options->anon_uid != EXPORTS_NOBODY)
        (void)fprintf(out, ",anonuid=%" PRIu32, options->anon_uid);
    if (options->anon_gid != EXPORTS_NOBODY)
        (void)fprintf(out, ",anongid=%" PRIu32, options->anon_gid);
    if (strcmp(options->sec, "sys") != 0)
        (void)fprintf(out, ",sec=%s", options->sec);
    if (strcmp(options->xprtsec, "none") != 0)
        (void)fprintf(out, ",xprtsec=%s", options->xprtsec);
    if (options->security_label)
        (void)fprintf(out, ",security_label");
    for (uint32_t i = 0; i < entry->client_count && !entry->everybody; i++)
        (void)fprintf(out, ",client=%s", entry->clients[i]);
    (void)fputc('\'', out);
    CHECK(fclose(out) == 0);
    return text;
}

static void roots_refuse(struct exports_file *file)
{
    for (uint32_t i = 0; i < file->count; i++) {
        struct exports_entry *entry = &file->entries[i];
        struct line line = {.file = file, .path = entry->path};
        char *command, *why;

        if (!entry->options.is_root)
            continue;
        command = root_command(entry);
        CHECK(asprintf(&why,
                       "the root of the name space is what is exported at the path /; remove the "
                       "option, and say after the import: %s",
                       command) > 0);
        remark(&line, entry->line, EXPORTS_REFUSED, "fsid=0", why);
        free(command);
        free(why);
    }
}

void exports_file_parse(struct exports_file *file, const char *data, size_t len,
                        exports_resolve *resolve)
{
    struct exports_words words;

    *file = (struct exports_file){0};
    exports_words_init(&words, data, len);
    while (exports_words_next(&words, true))
        line_read(file, &words, resolve);
    fsids_compare(file);
    roots_refuse(file);
}

void exports_file_fini(struct exports_file *file)
{
    for (uint32_t i = 0; i < file->count; i++)
        free(file->entries[i].path);
    for (uint32_t i = 0; i < file->remark_count; i++) {
        free(file->remarks[i].path);
        free(file->remarks[i].about);
        free(file->remarks[i].why);
    }
    free(file->entries);
    free(file->remarks);
    *file = (struct exports_file){0};
}
