/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/config_manual.h"

#include <inttypes.h>

#include "admin/config/config_key.h"
#include "base/man_page.h"

enum {
    TEXT_BYTES = 1024
};

/* NULL: the key is required. */
static const char *usual(const struct config_key *key, char text[CONFIG_PRINT_BYTES])
{
    if (key->usual_text)
        return key->usual_text;
    if (key->kind == CONFIG_WORD || key->kind == CONFIG_FLAG)
        return key->words[key->usual];
    if (key->kind != CONFIG_NUMBER)
        return NULL;
    (void)snprintf(text, CONFIG_PRINT_BYTES, "%" PRIu64, key->usual);
    return text;
}

static void keys_print(FILE *out, const struct config_key *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct config_key *key = &keys[i];
        char wants[CONFIG_WANTS_BYTES], value[CONFIG_PRINT_BYTES], text[TEXT_BYTES];

        const char *by_default = usual(key, value);

        (void)snprintf(text, sizeof(text), "%s.\nValues: %s. %s%s.%s%s%s", key->help,
                       config_key_wants(key, wants), by_default ? "Default: " : "",
                       by_default ? by_default : "It is required",
                       key->option ? " Option of mainstayd: " : "", key->option ? key->option : "",
                       key->option ? "." : "");
        man_page_item(out, key->name, text);
    }
}

static void settings_print(FILE *out)
{
    for (uint32_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &setting_table[i];
        char value[SETTING_TEXT_BYTES], text[TEXT_BYTES];

        setting_print((enum setting_id)i, setting->usual, value);
        (void)snprintf(text, sizeof(text),
                       "%s.\nValues: %s. Default: %s. A change takes effect %s.", setting->help,
                       setting->wants, value, setting_when_name(setting->when));
        man_page_item(out, setting->name, text);
    }
}

void config_manual_print(FILE *out)
{
    static const char *const others[] = {"mainstayd(8)", "mainstay(1)", NULL};

    man_page_begin(out, "mainstay.conf", 5, "configuration file of mainstayd");
    man_page_section(out, "DESCRIPTION");
    man_page_paragraph(out, "mainstayd --config FILE reads the server's configuration from a YAML "
                            "file. mainstayd --config FILE --check tells all that is wrong in it, "
                            "and starts nothing.");
    man_page_paragraph(out, "Every key may be left out. Options of the command line win over the "
                            "file. The key log.level is the key level in the map log.");
    man_page_section(out, "KEYS");
    keys_print(out, config_keys, CONFIG_KEY_COUNT);
    man_page_section(out, "KEYS OF AN EXPORT");
    man_page_paragraph(out, "Each item of the list exports is a map of these.");
    keys_print(out, config_export_keys, CONFIG_EXPORT_KEY_COUNT);
    man_page_section(out, "SETTINGS");
    man_page_paragraph(out, "In the map settings, each under its whole name with the dot. They are "
                            "initial values: one that is stored in the state directory goes before "
                            "the one in the file.");
    settings_print(out);
    man_page_section(out, "EXAMPLES");
    man_page_example(out, "listen: [192.0.2.1:2049]\n"
                          "exports:\n"
                          "  - path: /data\n"
                          "    backend: local\n"
                          "    argument: /srv/data\n"
                          "    access: ro\n"
                          "    clients: [192.0.2.0/24]\n"
                          "settings:\n"
                          "  nfs.max_minor_version: 1\n");
    man_page_see_also(out, others);
}
