"""Steps of `avkd analyze`: one module a theme."""
