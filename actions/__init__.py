"""The custom actions: one module per citizen request, thin. rasa_sdk is imported here alone. An action never raises."""
