/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_reference.h"

#include <inttypes.h>
#include <string.h>

#include "admin/config/config_key.h"

static const char introduction[] =
    "<!-- made by `mainstayd --config-reference`; change src/admin/config/ instead -->\n"
    "# The configuration file\n"
    "\n"
    "`mainstayd --config FILE` reads the server's configuration from a YAML file. `docs/mainstay.conf` is an example.\n"
    "`mainstayd --config FILE --check` reads it, looks at everything that it names, and starts nothing.\n"
    "\n"
    "    listen: [192.0.2.1:2049]\n"
    "    state: /var/lib/mainstay\n"
    "    log:\n"
    "      level: info\n"
    "    exports:\n"
    "      - path: /data\n"
    "        backend: local\n"
    "        argument: /srv/data\n"
    "        access: ro\n"
    "        clients: [192.0.2.0/24]\n"
    "    settings:\n"
    "      nfs.max_minor_version: 1\n"
    "\n"
    "- Every key may be left out, and has its default then. Exports must be named here or by `--export`, unless the file has\n"
    "  `exports: []`.\n"
    "- A mistake is told as `FILE:LINE: what is wrong, and what would be right`, all mistakes of a file in one run, and\n"
    "  mainstayd ends with exit status 2. An unknown key is a mistake, and so is a directory that is not there,\n"
    "  a state directory that cannot be written, and a file of tokens that is not good.\n"
    "- Options of the command line win over the file. Where both say something different, the log has\n"
    "  `daemon.config_overruled`. `--listen`, `--admin` and `--export` replace the whole list.\n"
    "- SIGHUP and `POST /api/v1/reload` read the file again. The column \"a change takes effect\" says which keys\n"
    "  the server follows at once. For a path, that is about another path: the contents of files in `tls`, of\n"
    "  `identity.map` and of `admin_token` are read again each time, those of the keytab when it changes.\n"
    "- The file is YAML 1.1 in UTF-8, one document, without anchors, aliases and tags, up to 1 MiB. Numbers are\n"
    "  decimal and without quotes. An IPv6 address stands in quotes.\n"
    "\n"
    "## Keys\n"
    "\n"
    "`log.level` is the key `level` in the map `log`.\n"
    "\n";

static const char exports[] =
    "\n"
    "## Keys of an export\n"
    "\n"
    "Each item of the list `exports` is a map. `path` and `backend` have to be there.\n"
    "`docs/exports.md` says more.\n"
    "\n";

static const char settings[] =
    "\n"
    "## Settings and limits\n"
    "\n"
    "In the map `settings`, each under its whole name with the dot. They are initial values: a value that is stored\n"
    "in the state directory, since somebody changed the setting while the server ran, goes before the one in the file,\n"
    "and an option of the command line before both. `docs/changing.md` and `docs/limits.md` say more.\n"
    "\n";

static const char *kind_name(enum config_kind kind)
{
    switch (kind) {
    case CONFIG_NUMBER:
        return "number";
    case CONFIG_WORD:
        return "word";
    case CONFIG_FLAG:
        return "flag";
    case CONFIG_TEXT:
    case CONFIG_FLAVORS:
    case CONFIG_XPRTSECS:
        return "text";
    case CONFIG_ABSOLUTE_PATH:
    case CONFIG_PATH:
        return "path";
    case CONFIG_LISTEN_LIST:
    case CONFIG_ADMIN_LIST:
    case CONFIG_RULE_LIST:
    case CONFIG_CLIENT_LIST:
    case CONFIG_EXPORT_LIST:
        return "list";
    case CONFIG_SETTING_MAP:
        return "map";
    }
    return "?";
}

static void default_print(FILE *out, const struct config_key *key)
{
    bool is_word = key->kind == CONFIG_WORD || key->kind == CONFIG_FLAG;

    if (key->usual_text)
        (void)fprintf(out, "%s", key->usual_text);
    else if (is_word)
        (void)fprintf(out, "%s", key->words[key->usual]);
    else if (key->kind == CONFIG_NUMBER)
        (void)fprintf(out, "%" PRIu64, key->usual);
    else
        (void)fprintf(out, "none: required");
}

static const char *key_when(const struct config_key *key)
{
    return key->kind == CONFIG_SETTING_MAP ? "as each setting does" : config_key_when(key);
}

static void key_print(FILE *out, const struct config_key *key, bool has_option)
{
    char wants[CONFIG_WANTS_BYTES];

    (void)fprintf(out, "| `%s` | %s | %s | ", key->name, kind_name(key->kind),
                  config_key_wants(key, wants));
    default_print(out, key);
    if (has_option && key->option)
        (void)fprintf(out, " | `%s`", key->option);
    else if (has_option)
        (void)fprintf(out, " | none");
    if (has_option)
        (void)fprintf(out, " | %s", key_when(key));
    (void)fprintf(out, " | %s", key->help);
    if (key->example)
        (void)fprintf(out, ". Example: `%s: %s`",
                      strrchr(key->name, '.') ? strrchr(key->name, '.') + 1 : key->name,
                      key->example);
    (void)fprintf(out, " |\n");
}

static void settings_print(FILE *out)
{
    (void)fprintf(out, "| setting | values | default | a change takes effect | meaning |\n"
                       "|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        char usual[SETTING_TEXT_BYTES];

        setting_print((enum setting_id)i, setting_table[i].usual, usual);
        (void)fprintf(out, "| `%s` | %s | %s | %s | %s |\n", setting_table[i].name,
                      setting_table[i].wants, usual, setting_when_name(setting_table[i].when),
                      setting_table[i].help);
    }
}

void config_reference_print(FILE *out)
{
    (void)fputs(introduction, out);
    (void)fprintf(out,
                  "| key | type | values | default | option | a change takes effect | meaning |\n"
                  "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
        key_print(out, &config_keys[i], true);
    (void)fputs(exports, out);
    (void)fprintf(out, "| key | type | values | default | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < CONFIG_EXPORT_KEY_COUNT; i++)
        key_print(out, &config_export_keys[i], false);
    (void)fputs(settings, out);
    settings_print(out);
}
