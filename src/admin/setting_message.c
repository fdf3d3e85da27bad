/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/setting_message.h"

#include <stdio.h>
#include <string.h>

#include "admin/setting.h"
#include "base/guess.h"

const char *setting_quote(const char *text, char quoted[SETTING_QUOTE_BYTES])
{
    size_t len = strnlen(text, SETTING_QUOTE_BYTES);

    for (size_t i = 0; i < len && i < SETTING_QUOTE_BYTES - 1; i++) {
        unsigned char c = (unsigned char)text[i];

        quoted[i] = (char)(c < ' ' || c >= 0x7f ? '?' : c);
    }
    if (len == SETTING_QUOTE_BYTES)
        memcpy(quoted + SETTING_QUOTE_BYTES - 4, "...", 4);
    else
        quoted[len] = '\0';
    return quoted;
}

void setting_unknown(const char *name, char *error, size_t size)
{
    char hint[GUESS_HINT_BYTES], quoted[SETTING_QUOTE_BYTES];
    struct guess guess;

    guess_init(&guess, name, strnlen(name, SETTING_NAME_BYTES));
    for (uint32_t i = 0; i < SETTING_COUNT; i++)
        guess_offer(&guess, setting_table[i].name);
    (void)snprintf(error, size, "there is no setting '%s'%s", setting_quote(name, quoted),
                   guess_hint(&guess, "", hint, sizeof(hint)));
}
