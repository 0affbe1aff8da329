SELECT user_ids AS ids FROM most_followed
