DROP TABLE ${schema}.oauth2_token_refreshes;
DROP TABLE ${schema}.oauth2_tokens;
DROP TABLE ${schema}.oauth2_providers;
