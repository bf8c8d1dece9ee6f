output "role_arn" {
  description = "The role that DynamoDB Optima assumes in this account."
  value       = aws_iam_role.member.arn
}

output "role_name" {
  description = "The role's name, for --role-name or ORGANIZATIONS_ROLE_NAME."
  value       = aws_iam_role.member.name
}
