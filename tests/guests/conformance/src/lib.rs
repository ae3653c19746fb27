//! What the official conformance suite of MCP calls on a server: its tools, prompts and resources, under the
//! names and with the answers that it asks for.

mod asks;
mod files;
mod offers;
mod tasks;
mod tools;

holm::export_tools![
    tools::test_simple_text,
    tools::test_image_content,
    tools::test_audio_content,
    tools::test_embedded_resource,
    tools::test_multiple_content_types,
    tools::test_error_handling,
    tools::test_tool_with_logging,
    tools::test_logging_tool,
    tools::test_tool_with_progress,
    tools::test_reconnection,
    tools::test_headers,
    tools::json_schema_2020_12_tool,
    asks::test_sampling,
    asks::test_missing_capability,
    asks::test_elicitation,
    asks::test_streaming_elicitation,
    asks::test_elicitation_sep1034_defaults,
    asks::test_elicitation_sep1330_enums,
    asks::test_input_required_result_elicitation,
    asks::test_input_required_result_sampling,
    asks::test_input_required_result_list_roots,
    asks::test_input_required_result_request_state,
    asks::test_input_required_result_tampered_state,
    asks::test_input_required_result_multiple_inputs,
    asks::test_input_required_result_multi_round,
    asks::test_input_required_result_capabilities,
    tasks::greet,
    tasks::slow_compute,
    tasks::failing_job,
    tasks::protocol_error_job,
    tasks::confirm_delete,
    tasks::multi_input,
    tasks::test_tool_with_task
];

holm::export_prompts![
    offers::test_simple_prompt,
    offers::test_prompt_with_arguments,
    offers::test_prompt_with_embedded_resource,
    offers::test_prompt_with_image,
    offers::test_input_required_result_prompt
];

holm::export_resources![
    offers::static_text,
    offers::static_binary,
    offers::watched_resource,
    offers::example_resource,
    offers::template_data
];
