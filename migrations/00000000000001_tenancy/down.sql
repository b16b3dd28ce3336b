DROP TABLE throttles, api_key_workspaces, api_keys, refresh_tokens, sessions, workspaces, memberships, acknowledgements,
    person_keys, persons, organization_keys, organizations;
