"""Is this document an e-invoice that a receiver's system will take, as far as can be told before it leaves?"""
