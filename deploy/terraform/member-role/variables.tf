variable "trusted_principal_arn" {
  description = "ARN of who may assume the role: the role or user that DynamoDB Optima runs as, or an account's root for everyone there whose own policy allows it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[A-Za-z0-9+=,.@_/-]+)$", var.trusted_principal_arn))
    error_message = "Give the ARN of a role, of a user, or of an account's root."
  }
}

variable "external_id" {
  description = "External id that must be given to assume the role (ORGANIZATIONS_EXTERNAL_ID). Null asks for none."
  type        = string
  default     = null

  validation {
    # Terraform's patterns repeat at most 1,000 times, so the length is asked for by itself.
    condition = var.external_id == null || (
      can(regex("^[A-Za-z0-9+=,.@:/_-]+$", var.external_id))
      && try(length(var.external_id) >= 2 && length(var.external_id) <= 1224, false)
    )
    error_message = "An external id has 2 to 1,224 letters, digits or +=,.@:/_-."
  }
}

variable "role_name" {
  description = "The role's name, the same in every account (ORGANIZATIONS_ROLE_NAME)."
  type        = string
  default     = "MetricsCollectorRole"

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "A role's name has 1 to 64 letters, digits or +=,.@_-."
  }
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
}
