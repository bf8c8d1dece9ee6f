data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "AssumedByTheCollector"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal_arn]
    }

    dynamic "condition" {
      for_each = var.external_id == null ? [] : [var.external_id]

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

# The statements of deploy/policies/account.json but ReadPrices: the collector reads prices by itself.
data "aws_iam_policy_document" "read" {
  statement {
    sid       = "ReadTables"
    actions   = ["dynamodb:DescribeTable", "dynamodb:ListTables"]
    resources = ["*"]
  }

  statement {
    sid = "ReadTableSettings"
    actions = [
      "dynamodb:DescribeContinuousBackups",
      "dynamodb:DescribeTimeToLive",
      "dynamodb:ListTagsOfResource",
    ]
    resources = ["*"]
  }

  statement {
    sid = "ReadAutoscaling"
    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:DescribeScalingPolicies",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReadMetrics"
    actions   = ["cloudwatch:GetMetricData"]
    resources = ["*"]
  }

  statement {
    sid       = "ReadRegions"
    actions   = ["ec2:DescribeRegions"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "member" {
  name               = var.role_name
  description        = "Read by DynamoDB Optima. It can change nothing."
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "read" {
  name   = "DynamoDBOptimaRead"
  role   = aws_iam_role.member.id
  policy = data.aws_iam_policy_document.read.json
}
