"""Search spaces: one file per problem."""
